import type { ReactNode } from "react";
import { useEvidence } from "../text/useEvidence";
import { useZone } from "../time/Clock";
import { both, clock, day, year } from "../time/zone";
import { Archive16Regular, ArrowDownload16Regular, ArrowSync16Regular, CursorClick20Regular, Delete16Regular, Eye16Regular, Flag16Regular, Mail16Regular, Send16Regular, Server16Regular, ShieldCheckmark16Regular, ShieldError16Regular } from "./icons";
import { byDay, type Happening } from "./happenings";
import styles from "./Timeline.module.css";
import { Untrusted } from "./Untrusted";

const icons: Record<Happening["kind"], ReactNode> = {
  sent: <Send16Regular />, hops: <Server16Regular />, received: <Mail16Regular />, judged: <ShieldCheckmark16Regular />, delivered: <Archive16Regular />,
  rejudged: <ArrowSync16Regular />, post_delivery: <Delete16Regular />, click: <CursorClick20Regular />, content: <Eye16Regular />, download: <ArrowDownload16Regular />,
  reported: <Flag16Regular />,
};

/** What happened, from first to last: time, icon, what, detail, and who says so. Colour stands only where mail or its verdict changed. */
export function Timeline({ events }: { events: readonly Happening[] }) {
  const zone = useZone();
  const days = byDay(events, (e) => {
    const t = new Date(e.time);
    return `${day(t, zone)} ${year(t, zone)}`;
  });
  return (
    <div className={styles.timeline}>
      {days.map((d, i) => (
        <section key={`${d.day} ${i}`} aria-label={d.day}>
          {days.length > 1 && <h3 className={`${styles.day} num`}>{d.day}</h3>}
          <ol>
            {d.events.map((e, j) => <Event key={`${e.time} ${e.kind} ${j}`} event={e} />)}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Event({ event: e }: { event: Happening }) {
  const zone = useZone();
  const evidence = useEvidence();
  const t = new Date(e.time);
  const icon = e.kind === "judged" && e.tone === "bad" ? <ShieldError16Regular /> : icons[e.kind];
  return (
    <li>
      <time className="num" dateTime={e.time} title={both(t)}>{clock(t, zone, true)}</time>
      <span className={`${styles.icon} ${styles[e.tone] ?? ""}`} aria-hidden>{icon}</span>
      <div className={styles.what}>
        <b><Untrusted text={evidence(e.title)} /></b>
        {e.detail && <p><Untrusted text={evidence(e.detail)} /></p>}
      </div>
      <span className={styles.source}><Untrusted text={e.source} /></span>
    </li>
  );
}
