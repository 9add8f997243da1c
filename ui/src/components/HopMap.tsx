import { Fragment, useLayoutEffect, useRef, useState } from "react";
import { revealed } from "../text/reveal";
import { useEvidence } from "../text/useEvidence";
import { useZone } from "../time/Clock";
import { both, clock } from "../time/zone";
import styles from "./HopMap.module.css";
import { ArrowRight16Regular, Warning16Regular } from "./icons";
import { Untrusted } from "./Untrusted";
import { lapse, type Leg, type Stop, type Way } from "./way";

/** Width that a stop with its leg needs beside the others, in pixels; where there is less, the way goes from top to bottom. */
const each = 186, least = 780;

interface Props {
  way: Way;
  /** Clocks in the boxes instead of what is known of the stop. */
  clocks?: boolean;
  /** Whole sentences about what is odd. */
  explain?: boolean;
  /** One line of names where the boxes do not fit beside each other: for a place that is about something else. */
  brief?: boolean;
}

/**
 * The way of a message. Dashed boxes are what others claim, filled ones are the organisation's own servers; the dashed line
 * between them is the trust boundary: only what is beyond it is evidence.
 */
export function HopMap({ way, clocks, explain, brief }: Props) {
  const { stops, legs } = way;
  const evidence = useEvidence();
  const inside = stops.findIndex((s) => s.own);
  const list = useRef<HTMLOListElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const el = list.current;
    if (!el) return;
    setWidth(el.clientWidth);
    const watch = new ResizeObserver(() => setWidth(el.clientWidth));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  const down = width < Math.max(least, stops.length * each);
  const line = brief && down && width > 0;
  // Side by side there is room for a few words under a box; the whole sentence then stands below.
  const sentences = explain && !down ? stops.flatMap((s) => s.odd.filter((o) => o.long !== o.short).map((o) => o.long)) : [];
  return (
    <>
      <ol ref={list} className={line ? styles.line : `${styles.way} ${down ? styles.down : ""}`}>
        {stops.map((s, i) => line ? <Name key={i} stop={s} leg={legs[i - 1]} /> : (
          <Fragment key={i}>
            {i > 0 && <Arrow leg={legs[i - 1]!} />}
            <Box
              stop={s}
              caption={i === 0 && !s.own ? "Claimed by the sender, not verified" : i === inside ? "Seen by your own servers" : ""}
              clocks={clocks ?? false}
              whole={down && explain === true}
            />
          </Fragment>
        ))}
      </ol>
      {sentences.length > 0 && <ul className={styles.sentences}>{sentences.map((o) => <li key={o}><Untrusted text={evidence(o)} /></li>)}</ul>}
    </>
  );
}

function Box({ stop: s, caption, clocks, whole }: { stop: Stop; caption: string; clocks: boolean; whole: boolean }) {
  const zone = useZone();
  const evidence = useEvidence();
  return (
    <li className={styles.stop}>
      {caption && <span className={`${styles.caption} ${s.own ? styles.ours : ""}`}>{caption}</span>}
      <div className={`${styles.box} ${s.own ? styles.own : ""}`}>
        <b className="mono" title={revealed(s.full)}><Untrusted text={s.own ? s.name : evidence(s.name)} /></b>
        {s.ip && <span className="num"><bdi>{s.ip}</bdi></span>}
        {clocks && s.time ? <time className="num" dateTime={s.time.toISOString()} title={both(s.time)}>{clock(s.time, zone, true)}</time> : clocks ? <span>no time noted</span> : <span>{s.note}</span>}
        {s.odd.map((o) => <em key={o.long} title={revealed(evidence(o.long))}><Warning16Regular aria-hidden /><span><Untrusted text={evidence(whole ? o.long : o.short)} /></span></em>)}
      </div>
    </li>
  );
}

function Name({ stop: s, leg }: { stop: Stop; leg: Leg | undefined }) {
  const evidence = useEvidence();
  const odd = s.odd.length > 0;
  return (
    <li className={s.own ? styles.ours : undefined}>
      {leg && <span className={leg.boundary ? styles.over : undefined}><ArrowRight16Regular aria-label={leg.boundary ? "over the trust boundary to" : "to"} /></span>}
      <span className="mono" title={[s.full, ...s.odd.map((o) => evidence(o.long))].map(revealed).join("\n")}><Untrusted text={s.own ? s.name : evidence(s.name)} /></span>
      {odd && <Warning16Regular className={styles.odd} aria-label={s.odd.map((o) => revealed(evidence(o.short))).join("; ")} />}
    </li>
  );
}

function Arrow({ leg }: { leg: Leg }) {
  return (
    <li className={`${styles.leg} ${leg.boundary ? styles.boundary : ""}`}>
      <span className={`${styles.how} ${leg.oddLine ? styles.odd : ""}`} title={leg.oddLine || undefined}>{leg.oddLine && <Warning16Regular aria-label="odd" />}<Untrusted text={leg.how || "not noted"} /></span>
      <i aria-hidden />
      <span className={`${styles.delay} ${leg.oddWait ? styles.odd : ""} num`} title={leg.oddWait || undefined}>{leg.oddWait && <Warning16Regular aria-label="odd" />}{leg.delayMs === undefined ? "" : lapse(leg.delayMs)}</span>
      {leg.boundary && <span className={styles.trust}>trust boundary</span>}
    </li>
  );
}
