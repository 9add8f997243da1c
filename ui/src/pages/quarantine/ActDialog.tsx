import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, ProgressBar, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { defang, evidence } from "../../text/defang";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Quarantine.module.css";
import { useAct, useAllowed, usePlan, useProgress, type ActionOf, type Kind, type Plan, type Scope } from "./queries";
import { plural } from "./words";

const mostReason = 2000;

/** Releases or deletes: says what that means before it is done, asks why, and tells how it went. */
export function ActDialog({ kind, scope, onClose }: { kind: Kind; scope: Scope; onClose: (done: boolean) => void }) {
  const plan = usePlan(kind, scope);
  const act = useAct(kind, scope);
  const progress = useProgress(act.data);
  const [reason, setReason] = useState("");
  const [good, setGood] = useState(false);
  const label = useMay("email.label");
  const release = kind === "Release";
  const p = plan.data;
  const ready = p !== undefined && p.possible > 0 && reason.trim() !== "" && !act.isPending;
  const go = () => ready && act.mutate({ reason: reason.trim(), plan: p.digest, good });
  const a = act.data && progress.data;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose(act.data !== undefined)}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{release ? "Release from quarantine" : "Delete from quarantine"}</DialogTitle>
          <DialogContent className={base.form}>
            {a ? <Result action={a} release={release} /> : (
              <>
                {plan.error ? <ProblemNote error={plan.error} onRetry={() => void plan.refetch()} /> : !p ? <Skeleton aria-label="Looking what that would do"><SkeletonItem size={48} /></Skeleton> : <What plan={p} release={release} />}
                <Field label="Reason" required hint="Whoever approves it, or looks at it later, reads this.">
                  <Input value={reason} maxLength={mostReason} autoFocus placeholder="A ticket number, or a sentence" autoComplete="off" onChange={(_, d) => setReason(d.value)} onKeyDown={(e) => e.key === "Enter" && (e.preventDefault(), go())} />
                </Field>
                {release && label && (
                  <div>
                    <Checkbox checked={good} onChange={(_, d) => setGood(d.checked === true)} label="Report as false positive: the local model learns that this is good mail" />
                    {good && <Allow scope={scope} />}
                  </div>
                )}
                {act.error ? <ProblemNote error={act.error} onRetry={() => { act.reset(); void plan.refetch(); }} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            {a ? <Button appearance="primary" onClick={() => onClose(true)}>Close</Button> : (
              <>
                <Button onClick={() => onClose(false)}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{act.isPending ? "Asking" : p && p.approvals > 0 ? "Ask for approval" : `${release ? "Release" : "Delete"}${p && p.possible > 0 ? ` ${number(p.possible)}` : ""}`}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function What({ plan: p, release }: { plan: Plan; release: boolean }) {
  return (
    <div className={styles.what}>
      {p.possible === 0 && <p><b>Nothing of it can be {release ? "released" : "deleted"}.</b></p>}
      {p.possible > 0 && <p>
        <b className="num">{number(p.possible)}</b> {plural(p.possible, "email event")}, <b className="num">{number(p.messages)}</b> different {plural(p.messages, "message")}, {release ? "to the inbox of" : "held for"} <b className="num">{number(p.mailboxes)}</b> {plural(p.mailboxes, "mailbox", "mailboxes")}
        {p.priority_accounts > 0 && <>, {number(p.priority_accounts)} of them {plural(p.priority_accounts, "a priority account", "priority accounts")}</>}.
      </p>}
      {p.possible > 0 && <p>{release ? "Each gets the bytes that came in, with the time at which they did. It can be undone." : "Nobody can release it afterwards, and this cannot be undone. The message stays in the records."}</p>}
      {p.possible > 0 && <p>{p.approvals > 0 ? <>It waits until {p.approvals === 1 ? "another person agrees" : `${p.approvals} other people agree`}: <i>{p.rule}</i>.</> : <>It runs at once: <i>{p.rule}</i>.</>}</p>}
      {p.impossible.length > 0 && <ul>{p.impossible.map((o) => <li key={o.why}><b className="num">{number(o.count)}</b> cannot be: {o.why}</li>)}</ul>}
    </div>
  );
}

/** What an allow entry would do, for whoever thinks of one. */
function Allow({ scope }: { scope: Scope }) {
  const senders = [...new Set((scope.events ?? []).map((e) => e.sender))].filter((s) => s !== "");
  const sender = senders.length === 1 ? senders[0]! : "";
  const may = useMay("policy.read");
  const check = useAllowed(sender, may);
  if (sender === "") return null;
  const c = check.data?.[0];
  return (
    <p className={styles.hint}>
      An allow entry is not added by this. For <span className="mono"><Untrusted text={evidence("SenderFromAddress", sender)} /></span> it would mean: {c ? defang(c.problem || c.effect) : "…"}
      {c?.same && " There is one already."}
    </p>
  );
}

function Result({ action: a, release }: { action: ActionOf; release: boolean }) {
  const id = useId();
  const c = a.counts;
  const link = <Link to="/actions/$id" params={{ id: a.id }}>{release ? "The release" : "The delete"} and its result in every mailbox</Link>;
  if (a.state === "Waiting for approval") return <p role="status"><b>It waits for approval.</b> {a.needs === 1 ? "One other person has" : `${a.needs} other people have`} to agree ({a.rule}). Until then nothing changes. {link}.</p>;
  const words = [
    c.done > 0 ? `${number(c.done)} ${release ? "released" : "deleted"}` : "", c.not_found > 0 ? `${number(c.not_found)} not found` : "", c.skipped > 0 ? `${number(c.skipped)} not possible` : "",
    c.failed > 0 ? `${number(c.failed)} failed` : "", c.cancelled > 0 ? `${number(c.cancelled)} cancelled` : "",
  ].filter((w) => w !== "");
  return (
    <div role="status">
      <p id={id}><b>{a.over ? a.state : release ? "Releasing" : "Deleting"}</b>{words.length > 0 && <>: {words.join(", ")}</>}.</p>
      {!a.over && <ProgressBar aria-labelledby={id} value={a.progress} />}
      <p className={styles.hint}>{link}{a.over && c.failed + c.skipped > 0 ? ", with the reasons" : ""}.</p>
    </div>
  );
}
