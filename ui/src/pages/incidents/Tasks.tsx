import { Button, Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { Add16Regular, Clock16Regular, Delete16Regular, Edit16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useNow, useZone } from "../../time/Clock";
import { both, day, clock, fromField, number, rfc3339, toField } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Incidents.module.css";
import { useAddTask, useChangeTask, useOptions, useRemoveTask, useTasks } from "./queries";
import { useDraft } from "./useDraft";
import { nameOf, type Incident, type Task } from "./words";

/** What is to be done, by whom, until when. */
export function TasksPane({ of: i }: { of: Incident }) {
  const tasks = useTasks(i);
  const all = tasks.data?.tasks ?? [];
  const [editing, setEditing] = useState("");
  const [adding, setAdding] = useState(false);
  const open = all.filter((t) => !t.done), done = all.filter((t) => t.done);
  if (tasks.error) return <ProblemNote error={tasks.error} onRetry={() => void tasks.refetch()} />;
  const row = (t: Task) => (editing === t.id ? <li key={t.id}><TaskForm of={i} task={t} onClose={() => setEditing("")} /></li> : <TaskRow key={t.id} of={i} task={t} onEdit={() => setEditing(t.id)} />);
  return (
    <section className={`card ${styles.block}`} aria-labelledby="tasks-title">
      <div className={styles.title}>
        <h2 id="tasks-title">Tasks</h2>
        <span className="num">{number(done.length)} of {number(all.length)} done</span>
        <i className={styles.push} />
        {i.may_work && !adding && <Button size="small" icon={<Add16Regular />} onClick={() => setAdding(true)}>Add task</Button>}
      </div>
      {adding && <TaskForm of={i} onClose={() => setAdding(false)} />}
      {tasks.data && all.length === 0 && !adding && (
        <EmptyState small title="No tasks" why="Write down what must not be forgotten: call somebody, change a password, tell the provider. Give it to a colleague and say until when.">{i.may_work && <Button onClick={() => setAdding(true)}>Add the first</Button>}</EmptyState>
      )}
      <ul className={styles.tasks}>{open.map(row)}{done.map(row)}</ul>
    </section>
  );
}

export function TaskRow({ of: i, task: t, onEdit }: { of: Incident; task: Task; onEdit?: (() => void) | undefined }) {
  const zone = useZone();
  const now = useNow(60);
  const change = useChangeTask(i.id), remove = useRemoveTask(i.id);
  const [sure, setSure] = useState(false);
  const late = !t.done && t.due !== null && Date.parse(t.due) < now.getTime();
  const due = t.due ? new Date(t.due) : undefined;
  const mark = (done: boolean) => change.mutate({ task: t.id, body: { title: t.title, version: t.version, done, ...(t.owner && { owner: t.owner }), ...(t.due && { due: t.due }) } });
  const old = change.error instanceof Problem && change.error.status === 409;
  return (
    <li data-done={t.done !== null}>
      <Checkbox checked={t.done !== null} disabled={!i.may_work || change.isPending} aria-label={`Done: ${t.title}`} onChange={(_, d) => mark(d.checked === true)} />
      <div className={styles.taskbody}>
        <b><bdi>{t.title}</bdi></b>
        <p>
          {t.owner ? <bdi>{nameOf(t.owner, t.owner_name)}</bdi> : "for nobody in particular"}
          {t.done ? <> · done by <bdi>{t.done_by}</bdi> <time className="num" dateTime={t.done} title={both(new Date(t.done))}>{day(new Date(t.done), zone)} {clock(new Date(t.done), zone)}</time></> : due && <span className={`${styles.due} num`} data-tone={late ? "late" : "calm"} title={both(due)}>{late ? <Warning16Regular aria-hidden /> : <Clock16Regular aria-hidden />}{late ? "was due" : "due"} {day(due, zone)} {clock(due, zone)}</span>}
        </p>
        {change.error ? (old ? <p role="alert" className={styles.warn}>Somebody else changed this task first. What you see is how it is now.</p> : <ProblemNote error={change.error} />) : null}
        {remove.error ? <ProblemNote error={remove.error} /> : null}
        {sure && <p role="alert">Remove it for good? <Button size="small" onClick={() => remove.mutate(t.id)}>Remove</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Keep</Button></p>}
      </div>
      {i.may_work && onEdit && !sure && (
        <span className={styles.taskacts}>
          <Button size="small" appearance="subtle" icon={<Edit16Regular />} aria-label={`Change ${t.title}`} onClick={onEdit} />
          <Button size="small" appearance="subtle" icon={<Delete16Regular />} aria-label={`Remove ${t.title}`} onClick={() => setSure(true)} />
        </span>
      )}
    </li>
  );
}

function TaskForm({ of: i, task, onClose }: { of: Incident; task?: Task; onClose: () => void }) {
  const zone = useZone();
  const options = useOptions();
  const add = useAddTask(i.id), change = useChangeTask(i.id);
  const [title, setTitle, clear] = useDraft(`task.${task?.id ?? i.id}`, task?.title ?? "");
  const [owner, setOwner] = useState(task?.owner ?? "");
  const [due, setDue] = useState(task?.due ? toField(new Date(task.due), zone) : "");
  const at = due === "" ? undefined : fromField(due, zone);
  const busy = add.isPending || change.isPending, error = add.error ?? change.error;
  const old = error instanceof Problem && error.status === 409;
  const ready = title.trim() !== "" && (due === "" || at !== undefined) && !busy;
  const stop = () => {
    clear();
    onClose();
  };
  const go = () => {
    if (!ready) return;
    const body = { title: title.trim(), ...(owner && { owner }), ...(at && { due: rfc3339(at) }) };
    if (task) change.mutate({ task: task.id, body: { ...body, done: task.done !== null, version: task.version } }, { onSuccess: stop });
    else add.mutate(body, { onSuccess: stop });
  };
  return (
    <form className={styles.taskform} aria-label={task ? "Change the task" : "New task"} onSubmit={(e) => (e.preventDefault(), go())}>
      <Field label="What is to be done" required className={styles.grow}><Input value={title} maxLength={500} autoFocus onChange={(_, d) => setTitle(d.value)} /></Field>
      <Field label="Who">
        <Select value={owner} onChange={(_, d) => setOwner(d.value)}>
          <option value="">Nobody in particular</option>
          {(options.data?.owners ?? []).map((o) => <option key={o.email} value={o.email}>{nameOf(o.email, o.name)}{o.me ? " (you)" : ""}</option>)}
        </Select>
      </Field>
      <Field label={`Until (${zone === "utc" ? "UTC" : "local"})`}><Input type="datetime-local" value={due} onChange={(_, d) => setDue(d.value)} /></Field>
      <span className={styles.formacts}>
        <Button size="small" onClick={stop}>Cancel</Button>
        <Button size="small" appearance="primary" type="submit" disabledFocusable={!ready}>{old ? "Save anyway" : task ? "Save" : "Add task"}</Button>
      </span>
      {error ? (old ? <p role="alert" className={base.caution}><Warning16Regular aria-hidden /><span>Somebody else changed this task first. What you typed is still here; save again to put it in place of theirs.</span></p> : <ProblemNote error={error} />) : null}
    </form>
  );
}
