import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useZone } from "../../../time/Clock";
import { both, day, full } from "../../../time/zone";
import { Count, Spark } from "./Count";
import { useNoteworthy, type Entry } from "./queries";
import styles from "./Trackers.module.css";
import type { Change } from "./TrackersPage";

/** Questions worth asking in any organisation now, with what they find here. */
export function NoteworthyPane({ open, change }: { open: string; change: Change }) {
  const list = useNoteworthy(true);
  const zone = useZone();
  if (list.error) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton aria-label="Asking every question" className={styles.waiting}>{Array.from({ length: 10 }, (_, i) => <SkeletonItem key={i} size={32} />)}</Skeleton>;
  const now = list.data.entries.filter((e) => !e.over), over = list.data.entries.filter((e) => e.over);
  return (
    <>
      <p className={styles.says}>Counts end at <time dateTime={list.data.to} title={both(new Date(list.data.to))}>{full(new Date(list.data.to), zone)}</time>. A number opens what it counts.</p>
      <section className={`card ${styles.tablecard}`} tabIndex={0} aria-label="Noteworthy">
        <table className={styles.table}>
          <thead><tr><th scope="col">Worth a look</th><th scope="col" className={styles.right}>24 hours</th><th scope="col" className={styles.right}>7 days</th><th scope="col" className={styles.right}>30 days</th><th scope="col" className={styles.trend}>30 days, a bar a day</th></tr></thead>
          <tbody>{now.map((e) => <Row key={e.id} e={e} open={open === e.id} onOpen={() => change({ open: e.id })} />)}</tbody>
        </table>
      </section>
      {over.length > 0 && <p className={styles.says}>Their time is past, so they are not asked any more: {over.map((e) => e.title).join(", ")}.</p>}
      {list.data.refused.length > 0 && <div className={styles.says} role="note">What feeds brought and cannot be shown:<ul>{list.data.refused.map((r) => <li key={r}><Untrusted text={r} /></li>)}</ul></div>}
    </>
  );
}

const spans = ["email events in 24 hours", "email events in 7 days", "email events in 30 days"];

function Row({ e, open, onOpen }: { e: Entry; open: boolean; onOpen: () => void }) {
  const zone = useZone();
  return (
    <tr data-open={open}>
      <th scope="row"><button type="button" className={styles.name} aria-expanded={open} onClick={onOpen}><Untrusted text={e.title} /></button><small><Untrusted text={e.why} /></small>{e.told && <small>{e.told.kind} from the feed <Untrusted text={e.source} />{e.added && <>, {day(new Date(e.added), zone)}</>}</small>}</th>
      {e.error !== "" ? <td colSpan={4} className={styles.wrong}>It could not be asked: <Untrusted text={e.error} /></td> : (
        <>
          {e.figures.map((f, i) => <td key={i} className={styles.right}><Count of={f} what={`${spans[i]}: ${e.title}`} /></td>)}
          <td className={styles.trend}><Spark counts={e.days} what="The last 30 days" /></td>
        </>
      )}
    </tr>
  );
}
