import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { EmptyState } from "../../components/EmptyState";
import { Add16Regular, Delete16Regular, Edit16Regular, Mail16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useZone } from "../../time/Clock";
import { full } from "../../time/zone";
import { useRemoveSchedule, useSchedules, useSendSchedule, type Kind, type Schedule } from "./queries";
import styles from "./Reports.module.css";
import { ScheduleDialog } from "./ScheduleDialog";
import { whenWords } from "./words";

/** Which reports are sent to whom, and when. */
export function SchedulesPane({ kinds }: { kinds: readonly Kind[] }) {
  const all = useSchedules();
  const [edit, setEdit] = useState<Schedule | "new">();
  const titles = new Map([["dashboard", "Dashboard"], ...kinds.map((k) => [k.name, k.title] as const)]);
  if (all.error) return <ProblemNote error={all.error} onRetry={() => void all.refetch()} />;
  if (!all.data) return <Skeleton aria-label="Reading the schedules"><SkeletonItem style={{ height: 160 }} /></Skeleton>;
  const { schedules, sends } = all.data;
  const add = <Button appearance="primary" icon={<Add16Regular />} onClick={() => setEdit("new")}>New schedule</Button>;
  return (
    <div className={styles.schedules}>
      {!sends && <p className={styles.problem} role="status">Tocsin sends no mail here: set outgoing.server in the settings first. Until then a report that is due is not sent, and its row says so.</p>}
      {schedules.length === 0 ? (
        <EmptyState title="No report is sent to anybody" why="A schedule sends a report, or the figures of the dashboard, to chosen people: every day, week or month, as a letter with the tables as files.">{add}</EmptyState>
      ) : (
        <section className={`card ${styles.detail}`} aria-labelledby="schedules-title">
          <header><h2 id="schedules-title">Schedules</h2><span className={styles.push} />{add}</header>
          <div className={styles.scroll} tabIndex={0} role="region" aria-label="List of schedules">
            <table className={styles.table}>
              <thead><tr><th scope="col">Name</th><th scope="col">Report</th><th scope="col">When</th><th scope="col">To</th><th scope="col">Next</th><th scope="col">Last</th><th scope="col">Do</th></tr></thead>
              <tbody>{schedules.map((o) => <Line key={o.id} order={o} title={titles.get(o.report) ?? o.report} onEdit={() => setEdit(o)} />)}</tbody>
            </table>
          </div>
        </section>
      )}
      {edit && <ScheduleDialog order={edit === "new" ? undefined : edit} kinds={kinds} domains={all.data.domains} onClose={() => setEdit(undefined)} />}
    </div>
  );
}

function Line({ order: o, title, onEdit }: { order: Schedule; title: string; onEdit: () => void }) {
  const zone = useZone();
  const remove = useRemoveSchedule(o.id);
  const send = useSendSchedule(o.id);
  const error = remove.error ?? send.error;
  return (
    <tr>
      <td><b>{o.name}</b></td>
      <td>{title}</td>
      <td>{whenWords(o)}</td>
      <td className={styles.long}>{o.to.join(", ")}</td>
      <td className="num">{o.next ? full(new Date(o.next), zone) : "off"}</td>
      <td className="num">{o.last ? full(new Date(o.last), zone) : "never"}{o.problem && <p className={styles.problem}>{o.problem}</p>}</td>
      <td>
        <div className={styles.buttons}>
          <Button size="small" icon={<Edit16Regular />} aria-label={`Change ${o.name}`} title="Change" onClick={onEdit} />
          <Button size="small" icon={<Mail16Regular />} aria-label={`Send ${o.name} to me now`} title="Send it to me now" disabledFocusable={send.isPending} onClick={() => send.mutate()} />
          <Button size="small" icon={<Delete16Regular />} aria-label={`Remove ${o.name}`} title="Remove" disabledFocusable={remove.isPending} onClick={() => remove.mutate()} />
        </div>
        {send.isSuccess && <p role="status" className={styles.faded}>It is on its way to you.</p>}
        {error ? <ProblemNote quiet error={error} /> : null}
      </td>
    </tr>
  );
}
