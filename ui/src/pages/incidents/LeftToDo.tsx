import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { IncidentTab } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { CheckmarkCircle16Regular, Circle16Regular, Clock16Regular, ErrorCircle16Regular, Mail16Regular, PersonAdd16Regular, Warning16Filled, Warning16Regular } from "../../components/icons";
import { number } from "../../time/zone";
import styles from "./Incidents.module.css";
import { useChangeTask, useIncidentActions, useKept, useMatches, useTake, useTasks } from "./queries";
import { TakeActionHere } from "./TakeActionHere";
import type { Incident } from "./words";

interface Props {
  of: Incident;
  summary: Schemas["IncidentSummary"] | undefined;
  onTab: (t: IncidentTab) => void;
  onOwn: () => void;
  onFinish: () => void;
}

const most = 5; // tasks that are listed here

/** What still has to be done, gravest first, each with the button that does it. */
export function LeftToDo({ of: i, summary: s, onTab, onOwn, onFinish }: Props) {
  const navigate = useNavigate();
  const actions = useIncidentActions(i, i.counts.actions > 0).data?.actions ?? [];
  const tasks = (useTasks(i).data?.tasks ?? []).filter((t) => !t.done);
  const kept = useKept(i).data?.queries ?? [];
  const matches = useMatches(i, kept);
  const take = useTake(i.id);
  const finish = useChangeTask(i.id);
  const work = i.may_work, closed = i.status === "Resolved" || i.merged_into !== "";
  const see = (id: string) => <Button size="small" onClick={() => void navigate({ to: "/actions/$id" as never, params: { id } as never })}>See the action</Button>;
  const items: ReactNode[] = [];
  const item = (key: string, icon: ReactNode, tone: string, title: ReactNode, why: ReactNode, act?: ReactNode) =>
    items.push(<li key={key}><span className={styles.todoicon} data-tone={tone} aria-hidden>{icon}</span><div><b>{title}</b><p>{why}</p></div>{act}</li>);

  if (s && s.threats > 0) item("threats", <Warning16Filled />, "bad", <>{number(s.threats)} delivered threat{s.threats === 1 ? " is" : "s are"} still in mailboxes</>, `Of ${number(s.events)} email event${s.events === 1 ? "" : "s"}. People can open ${s.threats === 1 ? "it" : "them"}.`, <TakeActionHere of={i} otherwise={<Button size="small" onClick={() => onTab("messages")}>See the mail</Button>} />);
  for (const a of actions) {
    const n = a.counts.failed;
    if (a.state === "Waiting for approval") item(a.id, <Clock16Regular />, "odd", <><bdi>{a.name}</bdi> waits for approval</>, <>Asked for by <bdi>{a.by}</bdi>; {number(a.counts.targets)} email events.</>, see(a.id));
    else if (a.retryable) item(a.id, <ErrorCircle16Regular />, "bad", <><bdi>{a.name}</bdi>: {number(n)} failed</>, "What failed can be tried again.", see(a.id));
    if (a.counts.drifted > 0) item(`${a.id} drift`, <Warning16Regular />, "odd", <><bdi>{a.name}</bdi>: {number(a.counts.drifted)} came back</>, "Somebody moved the mail back after it was taken out.", see(a.id));
  }
  if (!closed && i.owner === "") item("owner", <PersonAdd16Regular />, i.due.overdue ? "bad" : "odd", "Nobody has taken it up", "Without an owner nobody is asked.", work && <Button size="small" onClick={onOwn}>Take it</Button>);
  kept.forEach((q, n) => {
    const m = matches[n]?.data;
    if (m && m.fresh > 0) item(q.id, <Mail16Regular />, "odd", <>{number(m.fresh)} new email event{m.fresh === 1 ? "" : "s"} match{m.fresh === 1 ? "es" : ""} {q.name ? <bdi>“{q.name}”</bdi> : "the kept query"}</>, m.more ? "More match than one incident can hold; narrow the query first." : "They are not in the incident yet.", work && !m.more && <Button size="small" disabledFocusable={take.isPending} onClick={() => take.mutate(q.id)}>Take {number(m.fresh)} in</Button>);
  });
  for (const t of tasks.slice(0, most)) {
    item(t.id, <Circle16Regular />, t.overdue ? "odd" : "", <bdi>{t.title}</bdi>, <>Task for {t.owner ? <bdi>{t.owner_name || t.owner}</bdi> : "nobody in particular"}{t.overdue && ", overdue"}</>, work && <Button size="small" disabledFocusable={finish.isPending} onClick={() => finish.mutate({ task: t.id, body: { title: t.title, done: true, version: t.version, ...(t.owner && { owner: t.owner }), ...(t.due && { due: t.due }) } })}>Done</Button>);
  }
  const n = items.length + Math.max(0, tasks.length - most);
  return (
    <section className={`card ${styles.block}`} aria-labelledby="left-title">
      <div className={styles.title}><h2 id="left-title">Left to do</h2><span className="num">{n > 0 && number(n)}</span></div>
      {n === 0 ? (
        <div className={styles.nothing}>
          <CheckmarkCircle16Regular aria-hidden />
          <span>{closed ? (i.merged_into ? "It was merged; work goes on in the other incident." : "It is closed, and nothing is left.") : i.messages === 0 ? "Nothing yet. Put the mail in that this is about: select it in Explorer, then Add to incident." : "Nothing is left. Say what it was, and close it."}</span>
          <i className={styles.push} />
          {!closed && work && i.messages > 0 && <Button size="small" onClick={onFinish}>Close it</Button>}
        </div>
      ) : <ul className={styles.todo}>{items}</ul>}
      {tasks.length > most && <button type="button" className="textbutton" onClick={() => onTab("tasks")}>and {number(tasks.length - most)} more tasks</button>}
    </section>
  );
}
