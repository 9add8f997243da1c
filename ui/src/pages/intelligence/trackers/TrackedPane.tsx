import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "../../../components/EmptyState";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useZone } from "../../../time/Clock";
import { both, clock, day, took } from "../../../time/zone";
import { Count, Spark } from "./Count";
import { useTracked, type Tracked } from "./queries";
import { Standing } from "./Standing";
import styles from "./Trackers.module.css";
import type { Change } from "./TrackersPage";
import { changeWords, conditionWords, lengthWords } from "./words";

/** Saved queries on a schedule: what they count, how that moves, and when they run next. */
export function TrackedPane({ open, change }: { open: string; change: Change }) {
  const list = useTracked(true);
  if (list.error) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton aria-label="Reading tracked queries" className={styles.waiting}>{Array.from({ length: 6 }, (_, i) => <SkeletonItem key={i} size={32} />)}</Skeleton>;
  if (list.data.length === 0) {
    return <EmptyState small title="No query is tracked" why="A tracked query runs by itself, keeps its counts, and raises an alert over a threshold. Choose one of the saved queries."><Button appearance="primary" onClick={() => change({ tab: "saved" })}>Choose a saved query</Button><Link to="/hunting">Write one in Hunting</Link></EmptyState>;
  }
  return (
    <section className={`card ${styles.tablecard}`} tabIndex={0} aria-label="Tracked queries">
      <table className={styles.table}>
        <thead><tr><th scope="col">Query</th><th scope="col">Standing</th><th scope="col" className={styles.right}>Last count</th><th scope="col" className={styles.right}>Against a day before</th><th scope="col" className={styles.right}>A week before</th><th scope="col" className={`${styles.trend} ${styles.roomy}`}>Last runs</th><th scope="col" className={styles.roomy}>Runs</th></tr></thead>
        <tbody>{list.data.map((t) => <Row key={t.id} t={t} open={open === t.id} onOpen={() => change({ open: t.id })} />)}</tbody>
      </table>
    </section>
  );
}

function Row({ t, open, onOpen }: { t: Tracked; open: boolean; onOpen: () => void }) {
  const zone = useZone();
  const at = (s: string) => <time className="num" dateTime={s} title={both(new Date(s))}>{day(new Date(s), zone)}, {clock(new Date(s), zone)}</time>;
  return (
    <tr data-open={open}>
      <th scope="row"><button type="button" className={styles.name} aria-expanded={open} onClick={onOpen}><Untrusted text={t.name} /></button><small>every {lengthWords(t.every_seconds)}, the last {lengthWords(t.window_seconds)}; alert: {conditionWords(t)}{!t.own && <>; <Untrusted text={t.owner} /></>}</small></th>
      <td className={styles.stand}><Standing t={t} /></td>
      <td className={styles.right}>{t.figure ? <Count of={t.figure} what={`rows of ${t.name}`} /> : "–"}</td>
      <td className={`num ${styles.right}`}>{t.last && t.figure ? changeWords(t.last.count, t.day_before) || "–" : "–"}</td>
      <td className={`num ${styles.right}`}>{t.last && t.figure ? changeWords(t.last.count, t.week_before) || "–" : "–"}</td>
      <td className={`${styles.trend} ${styles.roomy}`}><Spark counts={t.recent} what="The last runs" /></td>
      <td className={`${styles.roomy} ${styles.once}`}><small>{t.last ? <>last {at(t.last.at)} in {took(t.last.took_ms)}</> : "not yet"}{t.next && <><br />next {at(t.next)}</>}</small></td>
    </tr>
  );
}
