import { Button, Field, Input, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { Add16Regular, ArrowDown16Regular, ArrowUp16Regular, ChevronRight16Regular, Delete16Regular, Edit16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import { ReadOnly } from "../policy/ReadOnly";
import styles from "./Actions.module.css";
import { ApprovalHistory } from "./ApprovalHistory";
import { useApprovals } from "./queries";
import { RuleDialog } from "./RuleDialog";
import { SaveApprovalsDialog } from "./SaveApprovalsDialog";
import { Simulator } from "./Simulator";
import { needWords, ruleWords } from "./words";

export type Policy = Schemas["ApprovalSettings"];
export type Rule = Schemas["ApprovalRule"];

export const same = (a: Policy, b: Policy) => JSON.stringify(a) === JSON.stringify(b);

/** Who has to agree before mail is touched: the rules in their order, what they would say, and every state they had. */
export function ApprovalsPage() {
  const may = useMay("action.read");
  const now = useApprovals(may);
  const { range } = useTimeRange();
  if (!may) {
    return (
      <EmptyState alone small title="You may not see the approval policy" why="It needs the permission action.read, which every security role has. An administrator can give you one.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return (
    <div className={styles.page}>
      <nav className={styles.crumbs} aria-label="Way back"><Link to="/actions" search={writeRange(range) as never}>Actions</Link><ChevronRight16Regular aria-hidden /><span aria-current="page">Who has to approve</span></nav>
      <header className={styles.top}><h1>Approval policy</h1></header>
      {now.error ? <ProblemNote error={now.error} onRetry={() => void now.refetch()} /> : !now.data ? <Skeleton aria-label="Reading the approval policy"><SkeletonItem style={{ height: 320 }} /></Skeleton> : <Page now={now.data} />}
    </div>
  );
}

function Page({ now }: { now: Schemas["ApprovalsInForce"] }) {
  const may = useMay("approvals.edit");
  const [draft, setDraft] = useState<Policy>();
  const [reason, setReason] = useState("");
  const [edits, setEdits] = useState<number | "new">();
  const [saves, setSaves] = useState(false);
  const [hit, setHit] = useState("");
  const policy = draft ?? now.policy;
  const changed = !same(policy, now.policy);
  const put = (rules: Rule[]) => setDraft({ ...policy, rules });
  const move = (i: number, to: number) => {
    const rules = [...policy.rules];
    rules.splice(to, 0, ...rules.splice(i, 1));
    put(rules);
  };
  return (
    <>
      <p className={styles.headline}>The first rule that fits an action decides how many other people have to agree. Nobody approves their own request. A request that nobody answers ends after {number(policy.expires_hours || 72)} hours.</p>
      {!may && <div className={styles.note}><ReadOnly what="the policy" need="approvals.edit" /></div>}
      <div className={styles.columns}>
        <div className={styles.column}>
          <section className={`card ${styles.block}`} aria-labelledby="rules-title">
            <div className={styles.titled}>
              <h2 id="rules-title">Rules</h2><span>{policy.rules.length}, from first to last</span><i className={styles.push} />
              {may && <Button size="small" icon={<Add16Regular />} onClick={() => setEdits("new")}>Add a rule…</Button>}
            </div>
            <ol className={styles.rules} aria-label="Rules">
              {policy.rules.map((r, i) => (
                <li key={`${i} ${r.name}`} data-hit={hit === r.name}>
                  <div><b><Untrusted text={r.name} /></b><p>{ruleWords(r)}.</p></div>
                  <div className={styles.then}>
                    {needWords(r.approvals)}
                    {may && (
                      <span className={styles.tiny}>
                        <Tooltip content={`Move “${r.name}” up`} relationship="label"><Button size="small" appearance="subtle" icon={<ArrowUp16Regular />} disabledFocusable={i === 0} onClick={() => i > 0 && move(i, i - 1)} /></Tooltip>
                        <Tooltip content={`Move “${r.name}” down`} relationship="label"><Button size="small" appearance="subtle" icon={<ArrowDown16Regular />} disabledFocusable={i === policy.rules.length - 1} onClick={() => i < policy.rules.length - 1 && move(i, i + 1)} /></Tooltip>
                        <Tooltip content={`Change “${r.name}”`} relationship="label"><Button size="small" appearance="subtle" icon={<Edit16Regular />} onClick={() => setEdits(i)} /></Tooltip>
                        <Tooltip content={`Remove “${r.name}”`} relationship="label"><Button size="small" appearance="subtle" icon={<Delete16Regular />} onClick={() => put(policy.rules.filter((_, j) => j !== i))} /></Tooltip>
                      </span>
                    )}
                  </div>
                </li>
              ))}
              <li className={styles.last} data-hit={hit === "No rule fits"}><div><b>No rule fits</b><p>Everything else.</p></div><div className={styles.then}>1 approval</div></li>
            </ol>
            {may && (
              <Field label="A request that nobody answers ends after, in hours" className={styles.expiry}>
                <Input type="number" min={1} max={720} value={String(policy.expires_hours || 72)} onChange={(_, d) => setDraft({ ...policy, expires_hours: Math.max(1, Math.min(720, Math.floor(Number(d.value)) || 1)) })} />
              </Field>
            )}
          </section>
        </div>
        <div className={styles.column}>
          <Simulator policy={changed ? policy : undefined} onRule={setHit} />
          <ApprovalHistory now={now} onRestore={may ? (p, why) => { setDraft(p); setReason(why); } : undefined} />
        </div>
      </div>
      {changed && (
        <div className={styles.foot} role="region" aria-label="Changes that are not saved">
          <p><b>Not saved yet.</b> It counts for actions that are asked for from then on; requests that wait keep their rule.</p>
          <Button onClick={() => setDraft(undefined)}>Discard</Button>
          <Button appearance="primary" onClick={() => setSaves(true)}>Save…</Button>
        </div>
      )}
      {edits !== undefined && (
        <RuleDialog
          rule={edits === "new" ? undefined : policy.rules[edits]}
          onClose={() => setEdits(undefined)}
          onKeep={(r) => {
            put(edits === "new" ? [r, ...policy.rules] : policy.rules.map((old, i) => (i === edits ? r : old)));
            setEdits(undefined);
          }}
        />
      )}
      {saves && <SaveApprovalsDialog now={now} draft={policy} reason={reason} onClose={() => setSaves(false)} onSaved={() => { setSaves(false); setDraft(undefined); setReason(""); }} />}
    </>
  );
}
