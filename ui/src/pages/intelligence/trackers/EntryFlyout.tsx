import { Link } from "@tanstack/react-router";
import { inExplorer, inHunting } from "../../../components/asked";
import { EmptyState } from "../../../components/EmptyState";
import { DetailFlyout } from "../../../components/DetailFlyout";
import { Code16Regular, Search16Regular } from "../../../components/icons";
import { Untrusted } from "../../../components/Untrusted";
import { Badge } from "../../../components/Verdict";
import { revealed } from "../../../text/reveal";
import { useZone } from "../../../time/Clock";
import { day, year } from "../../../time/zone";
import { Spark } from "./Count";
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
  const month = e.figures[2];
  const hunting = month ? inHunting(e.query, month) : undefined;
  const date = (t: string) => `${day(new Date(t), zone)} ${year(new Date(t), zone)}`;
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}><Untrusted text={e.title} /></h2>
      <div className={styles.badges}>
        {e.technique !== "" && <Badge icon={null}>ATT&CK {e.technique}</Badge>}
        <Badge icon={null}>From {e.source}</Badge>
        {e.expires && <Badge icon={null}>{e.over ? "Until" : "Worth asking until"} {date(e.expires)}</Badge>}
      </div>
      <div className={styles.article}>{e.article.split(/\n{2,}/).map((p, i) => <p key={i}><Untrusted text={p} /></p>)}</div>
      {e.threat !== "" && <p><Link to={`/intelligence/threats/${e.threat}` as never}>The article about this threat</Link></p>}
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
