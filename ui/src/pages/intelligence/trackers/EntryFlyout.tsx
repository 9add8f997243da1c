import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { writeFeeds } from "../../../address/feeds";
import { useTimeRange } from "../../../address/useAddress";
import { inExplorer, inHunting } from "../../../components/asked";
import { EmptyState } from "../../../components/EmptyState";
import { DetailFlyout } from "../../../components/DetailFlyout";
import { Code16Regular, Search16Regular } from "../../../components/icons";
import { Untrusted } from "../../../components/Untrusted";
import { Badge } from "../../../components/Verdict";
import { useMay } from "../../../session/queries";
import { revealed } from "../../../text/reveal";
import { useZone } from "../../../time/Clock";
import { day, year } from "../../../time/zone";
import { Count, Spark } from "./Count";
import { useNoteworthy, type Entry } from "./queries";
import styles from "./Trackers.module.css";

/** One noteworthy entry: why, what to look for, and the question. */
export function EntryFlyout({ id, onClose }: { id: string; onClose: () => void }) {
  const list = useNoteworthy(true);
  const e = list.data?.entries.find((x) => x.id === id);
  return (
    <DetailFlyout what="noteworthy entry" detail={list} label={() => (e ? `Noteworthy: ${revealed(e.title)}` : "Noteworthy")} onClose={onClose}>
      {() => (e ? <Body e={e} /> : <EmptyState small title="There is no such entry" why="It may have gone with the feed that brought it." />)}
    </DetailFlyout>
  );
}

function Body({ e }: { e: Entry }) {
  const zone = useZone();
  const { range } = useTimeRange();
  const month = e.figures[2];
  const hunting = month ? inHunting(e.query, month) : undefined;
  const date = (t: string) => `${day(new Date(t), zone)} ${year(new Date(t), zone)}`;
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}><Untrusted text={e.title} /></h2>
      <div className={styles.badges}>
        {e.technique !== "" && <Badge icon={null}>ATT&CK {e.technique}</Badge>}
        {e.told ? <Badge icon={null}>{e.told.kind}</Badge> : <Badge icon={null}>From {e.source}</Badge>}
        {e.told && <Badge icon={null}>{e.told.tlp ? `TLP:${e.told.tlp.toUpperCase()}` : "No TLP"}</Badge>}
        {e.expires && <Badge icon={null}>{e.over ? "Until" : "Worth asking until"} {date(e.expires)}</Badge>}
      </div>
      {e.told && <p className={styles.says}>Told by the feed <Link to="/intelligence/feeds" search={writeFeeds({ feed: e.told.feed, setup: "", range }) as never}><Untrusted text={e.source} /></Link>{e.added && <>, published {date(e.added)}</>}. The text is theirs.</p>}
      <div className={styles.article}>{e.article.split(/\n{2,}/).map((p, i) => <p key={i}><Untrusted text={p} /></p>)}</div>
      {e.told && <Told of={e.told} figures={e.figures} />}
      {!e.told && e.threat !== "" && <p><Link to={`/intelligence/threats/${e.threat}` as never}>The article about this threat</Link></p>}
      {e.days.length > 0 && <Spark counts={e.days} what="The last 30 days" wide />}
      <div className={styles.buttons}>
        {month?.explorer && <Link className={styles.linkbutton} to="/explorer" search={inExplorer(month.explorer) as never}><Search16Regular aria-hidden />30 days in Explorer</Link>}
        {hunting && <Link className={styles.linkbutton} to="/hunting" search={hunting as never}><Code16Regular aria-hidden />30 days in Hunting</Link>}
      </div>
      <h3>The question</h3>
      <pre className={`mono ${styles.kql}`} tabIndex={0} aria-label="Query">{e.query}</pre>
    </div>
  );
}

const typeWords: Record<string, string> = { malware: "malware", tool: "tool", "intrusion-set": "actor", "threat-actor": "actor", campaign: "campaign", "attack-pattern": "technique" };

/** What a report of a feed names, and what its figures count. */
function Told({ of: t, figures }: { of: NonNullable<Entry["told"]>; figures: Entry["figures"] }) {
  const may = useMay("intelligence.read");
  return (
    <>
      {t.names.length > 0 && (
        <section aria-label="What it names">
          <h3>What it names</h3>
          <ul className={styles.names}>
            {t.names.map((n, i) => (
              <li key={i}>
                {n.threat !== "" && may ? <Link to={`/intelligence/threats/${n.threat}` as never}><Untrusted text={n.name || n.attack} /></Link> : <Untrusted text={n.name || n.attack} />}
                <span className={styles.faded}> {typeWords[n.type] ?? ""}{n.attack !== "" && n.name !== "" && <> <Untrusted text={n.attack} /></>}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {t.labels.length > 0 && <p className={styles.faded}>Labels: <Untrusted text={t.labels.join(", ")} /></p>}
      <h3>Seen here</h3>
      <p>{t.counts}</p>
      {figures.length === 3 && <dl className={styles.facts}>{["24 hours", "7 days", "30 days"].map((span, i) => <Fragment key={span}><dt>{span}</dt><dd><Count of={figures[i]!} what={`email events in ${span}`} /></dd></Fragment>)}</dl>}
    </>
  );
}
