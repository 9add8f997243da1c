import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Clock16Regular, DismissCircle16Regular, ErrorCircle16Regular, SubtractCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import { ActionLink } from "./Activity";
import styles from "./Incidents.module.css";
import { useIncidentActions } from "./queries";
import { TakeActionHere } from "./TakeActionHere";
import type { Incident } from "./words";

type Action = Schemas["Action"];

const looks: Record<Action["state"], [tone: string, icon: typeof Clock16Regular]> = {
  "Waiting for approval": ["odd", Clock16Regular], Queued: ["", Clock16Regular], Running: ["", ArrowSync16Regular], Done: ["good", CheckmarkCircle16Regular], "Partly done": ["odd", Warning16Regular], Failed: ["bad", ErrorCircle16Regular],
  Rejected: ["", DismissCircle16Regular], Expired: ["", SubtractCircle16Regular], Cancelled: ["", SubtractCircle16Regular],
};

/** What was done with the mail of an incident: who, why, when, what came of it, and whether it can be undone. */
export function ActionsPane({ of: i }: { of: Incident }) {
  const actions = useIncidentActions(i);
  const zone = useZone();
  if (actions.error) return <ProblemNote error={actions.error} onRetry={() => void actions.refetch()} />;
  if (!actions.data) return <Skeleton aria-label="Reading actions"><SkeletonItem style={{ height: 160 }} /></Skeleton>;
  const all = actions.data.actions;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="actions-title">
      <div className={styles.title}><h2 id="actions-title">Actions</h2><span>Each can be shown later: who, why, when, where it went</span><i className={styles.push} />{i.may_work && i.messages > 0 && <TakeActionHere of={i} />}</div>
      {all.length === 0 ? <EmptyState small title="Nothing was done to mailboxes from here" why={i.messages === 0 ? "Put mail into the incident first." : "Take action on all of its mail, or pick some of it under Messages. What is done stays here with its receipt."} /> : (
        <ul className={styles.actions}>
          {all.map((a) => {
            const [tone, Icon] = looks[a.state];
            const done = a.counts.done, t = new Date(a.created);
            return (
              <li key={a.id}>
                <div>
                  <b><ActionLink id={a.id}><bdi>{a.name || a.kind}</bdi></ActionLink></b>
                  <p>{a.kind}, {number(done)} of {number(a.counts.targets)} · <bdi>{a.by}</bdi>{a.approvals.filter((x) => x.yes).map((x) => <span key={x.by}>, approved by <bdi>{x.by}</bdi></span>)} · <time className="num" dateTime={a.created} title={both(t)}>{day(t, zone)} {clock(t, zone)}</time></p>
                  {a.reason && <p><bdi>{a.reason}</bdi></p>}
                </div>
                <span className={styles.state} data-tone={tone}><Icon aria-hidden />{a.state}{a.counts.drifted > 0 && `, ${number(a.counts.drifted)} came back`}</span>
                <span className={styles.undo}>{a.undoable ? <ActionLink id={a.id}>Undo…</ActionLink> : a.undone ? <ActionLink id={a.undone}>Undone</ActionLink> : a.kind === "Hard delete" ? "cannot be undone" : ""}</span>
                <ActionLink id={a.id}>Receipt</ActionLink>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
