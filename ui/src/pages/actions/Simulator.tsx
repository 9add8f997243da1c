import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import type { Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import styles from "./Actions.module.css";
import type { Policy } from "./ApprovalsPage";
import { useSimulation } from "./queries";
import { kinds } from "./words";

type Question = Schemas["ApprovalQuestion"];

/** Who would have to approve this? Asked of the policy in force, or of the one that is being written. */
export function Simulator({ policy, onRule }: { policy: Policy | undefined; onRule: (name: string) => void }) {
  const [q, set] = useState<{ kind: Question["kind"]; mailboxes: number; priority: number; automatic: boolean; by: string }>({ kind: "Soft delete", mailboxes: 20, priority: 0, automatic: false, by: "" });
  const answer = useSimulation({ kind: q.kind, mailboxes: q.mailboxes, priority: q.priority, automatic: q.automatic, ...(q.by.trim() ? { by: q.by.trim() } : {}), ...(policy ? { policy } : {}) });
  const a = answer.data;
  const rule = a?.rule ?? "";
  useEffect(() => onRule(rule), [rule, onRule]);
  const whole = (v: string) => Math.max(0, Math.min(1_000_000, Math.floor(Number(v)) || 0));
  return (
    <section className={`card ${styles.block}`} aria-labelledby="simulator">
      <h2 id="simulator">Who would have to approve this?</h2>
      <div className={styles.form}>
        <Field label="Action"><Select value={q.kind} onChange={(_, d) => set({ ...q, kind: d.value as Question["kind"] })}>{[...kinds.map((k) => k.kind), "Undo"].map((k) => <option key={k} value={k}>{k}</option>)}</Select></Field>
        <div className={styles.pair}>
          <Field label="Mailboxes"><Input type="number" min={0} value={String(q.mailboxes)} onChange={(_, d) => set({ ...q, mailboxes: whole(d.value) })} /></Field>
          <Field label="Priority accounts"><Input type="number" min={0} value={String(q.priority)} onChange={(_, d) => set({ ...q, priority: whole(d.value) })} /></Field>
        </div>
        <Checkbox label="A policy asks (ZAP), not a person" checked={q.automatic} onChange={(_, d) => set({ ...q, automatic: d.checked === true })} />
        {!q.automatic && <Field label="Asked for by" hint="Empty: you"><Input type="email" value={q.by} maxLength={254} placeholder="name@example.com" onChange={(_, d) => set({ ...q, by: d.value })} /></Field>}
        {answer.error ? <ProblemNote error={answer.error} /> : a && (
          <div className={`${styles.says} ${a.enough ? "" : styles.wanting}`} role="status">
            <b>{a.say}</b>
            {policy && <p className={styles.faded}>By the rules as they are written here, not saved yet.</p>}
            {a.approvals > 0 && <ul aria-label="Who could approve">{a.could.slice(0, 30).map((p) => <li key={p.email}><Untrusted text={p.name} /> <span className={styles.faded}><Untrusted text={p.email} /></span></li>)}{a.could.length > 30 && <li>and {a.could.length - 30} more</li>}</ul>}
          </div>
        )}
      </div>
    </section>
  );
}
