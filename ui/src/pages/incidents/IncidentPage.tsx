import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { shows, type IncidentTab } from "../../address/incidents";
import { Problem } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { TabBar, type Tab } from "../../components/TabBar";
import { useMay, useOperator } from "../../session/queries";
import { useKeys } from "../../shell/keys";
import { ActionsPane } from "./ActionsPane";
import { Activity } from "./Activity";
import { EntitiesPane } from "./EntitiesPane";
import { IncidentHead } from "./IncidentHead";
import styles from "./Incidents.module.css";
import { MessageFlyout, MessagesPane } from "./MessagesPane";
import { NewNote } from "./NewNote";
import { useIncident, useSummary } from "./queries";
import { Strip } from "./Strip";
import { SummaryPane } from "./SummaryPane";
import { TasksPane } from "./Tasks";
import { rememberIncident } from "./useDraft";
import { ConflictNote, useEdit } from "./useEdit";
import { useIncidentAddress } from "./useIncidents";
import type { Incident } from "./words";

/** One incident with an address of its own: what happened, what is left to do, and everything that was said and done. */
export function IncidentPage() {
  const { id } = useParams({ from: "/inside/incidents/$id" });
  const may = useMay("incident.read");
  const incident = useIncident(id);
  const navigate = useNavigate();
  if (!may) return <EmptyState alone title="You may not see incidents" why="It needs the permission incident.read, which every security role has. An administrator can give you one."><Link to="/explorer">Open Explorer</Link></EmptyState>;
  if (incident.error && !incident.data) {
    return (
      <div className={styles.page}>
        <nav className={styles.crumbs} aria-label="Way back"><Link to="/incidents">Incidents</Link></nav>
        {incident.error instanceof Problem && incident.error.status === 404 ? (
          <EmptyState small alone title="There is no such incident" why="The address was cut short, or it is of another installation.">
            <Button appearance="primary" onClick={() => void navigate({ to: "/incidents" })}>All incidents</Button>
          </EmptyState>
        ) : <ProblemNote error={incident.error} onRetry={() => void incident.refetch()} />}
      </div>
    );
  }
  if (!incident.data) {
    return (
      <Skeleton className={styles.page} aria-label="Reading the incident">
        {[16, 28, 28, 68, 36].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}
        <SkeletonItem style={{ height: 360 }} />
      </Skeleton>
    );
  }
  return <Page key={incident.data.id} incident={incident.data} />;
}

function Page({ incident: i }: { incident: Incident }) {
  const [state, change] = useIncidentAddress();
  const { tab, show } = state;
  const edit = useEdit(i);
  const me = useOperator().operator.email;
  const summary = useSummary(i);
  const note = useRef<HTMLTextAreaElement>(null);
  const [closing, setClosing] = useState(false);
  useEffect(() => rememberIncident(i.id), [i.id]);
  useKeys({
    a: () => i.may_work && !i.mine && edit.make({ owner: me }),
    n: () => (note.current ? note.current.focus() : change({ tab: "notes" })),
  });
  const people = summary.data?.entities.find((e) => e.kind === "recipient")?.total;
  const tabs: Tab<IncidentTab>[] = [
    { key: "summary", label: "Summary" },
    { key: "messages", label: "Messages", count: i.messages },
    { key: "entities", label: "Entities", count: people },
    { key: "notes", label: "Notes", count: i.counts.notes },
    { key: "tasks", label: "Tasks", count: i.counts.open_tasks + i.counts.done_tasks },
    { key: "actions", label: "Actions", count: i.counts.actions },
    { key: "timeline", label: "Timeline" },
  ];
  const composer = i.may_work ? <NewNote of={i} field={note} /> : null;
  const parts = <Segments label="Which part" options={shows.map((s) => [s, s === "all" ? "All" : s === "notes" ? "Notes" : "System"] as const)} value={show} onChange={(s) => change({ show: s }, { replace: true })} />;
  const panes: Record<IncidentTab, () => ReactNode> = {
    summary: () => <SummaryPane of={i} summary={summary} onTab={(t) => change({ tab: t })} onOwn={() => edit.make({ owner: me })} onFinish={() => setClosing(true)} />,
    messages: () => <MessagesPane of={i} state={state} change={change} />,
    entities: () => <EntitiesPane of={i} kind={state.kind} summary={summary.data} onKind={(kind) => change({ kind }, { replace: true })} onPerson={(recipient) => change({ tab: "messages", recipient })} />,
    notes: () => <section className={`card ${styles.block}`} aria-labelledby="notes-title"><div className={styles.title}><h2 id="notes-title">Notes</h2><span>Whoever is mentioned with @ finds the incident under “Mentioning me”.</span></div>{composer}<Activity of={i} show="notes" wide /></section>,
    tasks: () => <TasksPane of={i} />,
    actions: () => <ActionsPane of={i} />,
    timeline: () => <section className={`card ${styles.block}`} aria-labelledby="timeline-title"><div className={styles.title}><h2 id="timeline-title">Timeline</h2><span>Newest first</span><i className={styles.push} />{parts}</div><Activity of={i} show={show} wide /></section>,
  };
  const full = tab === "messages" || tab === "entities";
  // Lists want the width, and notes stand in their own tabs.
  const rail = tab === "summary" || tab === "tasks" || tab === "actions";
  return (
    <div className={styles.frame}>
      <div className={`${styles.page} ${full ? styles.fullpage : ""}`}>
        <IncidentHead of={i} edit={edit} closing={closing} onClosing={setClosing} summary={summary.data} />
        {!closing && <ConflictNote edit={edit} now={i} />}
        {edit.error && !closing ? <ProblemNote error={edit.error} /> : null}
        <Strip of={i} summary={summary.data} onMessages={() => change({ tab: "messages" })} onPeople={() => change({ tab: "entities", kind: "recipient" })} />
        {summary.error ? <ProblemNote error={summary.error} onRetry={() => void summary.refetch()} /> : null}
        <div className={styles.tabs}><TabBar id="incident" label="Parts of the incident" tabs={tabs} value={tab} onChange={(t) => change({ tab: t })} /></div>
        <div className={`${styles.body} ${rail ? styles.railed : ""} ${full ? styles.fullbody : ""}`}>
          <div role="tabpanel" id="incident-panel" aria-labelledby={`incident-${tab}`} className={styles.pane}>{panes[tab]()}</div>
          {rail && (
            <aside className={`card ${styles.rail} ${tab === "summary" ? styles.always : ""}`} aria-label="Activity">
              <div className={styles.title}><h2>Activity</h2><i className={styles.push} />{parts}</div>
              {composer}
              <Activity of={i} show={show} />
            </aside>
          )}
        </div>
      </div>
      {tab === "messages" && state.open && <MessageFlyout of={i} state={state} change={change} />}
    </div>
  );
}
