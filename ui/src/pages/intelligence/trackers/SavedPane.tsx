import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { EmptyState } from "../../../components/EmptyState";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { useZone } from "../../../time/Clock";
import { day, year } from "../../../time/zone";
import { useSaved } from "../../hunting/queries";
import type { HuntSaved } from "../../hunting/shapes";
import { useTracked } from "./queries";
import { TrackDialog } from "./TrackDialog";
import styles from "./Trackers.module.css";
import type { Change } from "./TrackersPage";

/** The saved queries of Hunting, with the way to track them. */
export function SavedPane({ change }: { change: Change }) {
  const list = useSaved();
  const tracked = useTracked(true);
  const may = useMay("hunt.save");
  const [tracking, setTracking] = useState<HuntSaved>();
  const zone = useZone();
  if (list.error) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton aria-label="Reading saved queries" className={styles.waiting}>{Array.from({ length: 6 }, (_, i) => <SkeletonItem key={i} size={32} />)}</Skeleton>;
  if (list.data.length === 0) return <EmptyState small title="No query is saved" why="Write a query in Hunting and save it; shared queries of others stand here too."><Link to="/hunting">Open Hunting</Link></EmptyState>;
  const mine = (q: HuntSaved) => tracked.data?.find((t) => t.query_id === q.id && t.own) ?? tracked.data?.find((t) => t.query_id === q.id);
  return (
    <>
      <section className={`card ${styles.tablecard}`} tabIndex={0} aria-label="Saved queries">
        <table className={styles.table}>
          <thead><tr><th scope="col">Query</th><th scope="col">Folder</th><th scope="col">Owner</th><th scope="col">Changed</th><th scope="col">Tracked</th></tr></thead>
          <tbody>
            {list.data.map((q) => {
              const t = mine(q);
              return (
                <tr key={q.id}>
                  <th scope="row"><Link to="/hunting" search={{ saved: q.id } as never} className={styles.name}><Untrusted text={q.name} /></Link>{q.description !== "" && <small><Untrusted text={q.description} /></small>}</th>
                  <td><Untrusted text={q.folder} /></td>
                  <td>{q.own ? "you" : <Untrusted text={q.owner} />}{q.shared && <small>shared</small>}</td>
                  <td className="num">{day(new Date(q.updated), zone)} {year(new Date(q.updated), zone)}</td>
                  <td>{t ? <button type="button" className="textbutton" aria-label={`Its tracker: ${q.name}`} onClick={() => change({ tab: "tracked", open: t.id })}>Its tracker</button> : may ? <Button size="small" aria-label={`Track it: ${q.name}`} onClick={() => setTracking(q)}>Track it</Button> : "no"}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {tracking && <TrackDialog of={undefined} name={tracking.name} queryID={tracking.id} onDone={(t) => { setTracking(undefined); change({ tab: "tracked", open: t.id }); }} onClose={() => setTracking(undefined)} />}
    </>
  );
}
