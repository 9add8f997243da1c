import { Button, Field, Input, Skeleton, SkeletonItem, Textarea } from "@fluentui/react-components";
import { useId, useState } from "react";
import { ArrowUndo16Regular, Person16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { number } from "../../time/zone";
import { leastReason, rememberReason } from "../email/ReasonField";
import { usePlan, usePlans } from "./queries";
import { Frame, type StepProps } from "./Wizard";
import styles from "./Wizard.module.css";
import { count, kinds, needWords, type Kind, type Plan } from "./words";

/** Up to here every kind says how many it could touch; a longer list is counted for the chosen one. */
const cheap = 2000;

/** Step 1: what shall happen, what people will call it, and why. */
export function ChooseStep({ wizard, kind, scope, draft, onDraft, onSeen, onChanged }: StepProps) {
  const name = useId();
  const [tried, setTried] = useState(false);
  const first = usePlan(kind, scope);
  const small = (first.data?.targets ?? Infinity) <= cheap;
  const others = usePlans(kinds.map((k) => k.kind), scope, small);
  const plan = (k: Kind): Plan | undefined => (k === kind ? first.data : others[kinds.findIndex((x) => x.kind === k)]?.data);
  const chosen = first.data;
  const missing = draft.reason.trim().length < leastReason;
  const ready = chosen !== undefined && chosen.possible > 0 && !missing;
  const next = () => {
    setTried(true);
    if (!ready) return;
    rememberReason(draft.reason.trim());
    onSeen(undefined);
    onChanged(false);
    wizard.go({ step: "targets", kind });
  };
  const one = scope.what === "message" || (scope.what === "picked" && scope.picks.length === 1);
  const [own] = useState(scope); // the recipient that it began with
  return (
    <Frame
      title={`What should happen to ${chosen ? `${chosen.targets === 1 ? "this" : "these"} ${count(chosen.targets, "email event")}` : "this mail"}?`}
      sub="Counts are for what can really be done to each message where it is now."
      foot="Nothing happens before the last step."
      actions={<><Button onClick={wizard.close}>Cancel</Button><Button appearance="primary" disabledFocusable={!chosen || chosen.possible === 0} onClick={next}>Next: targets</Button></>}
      onClose={wizard.close}
    >
      {one && own.what === "picked" && (
        <div className={styles.who}>
          <Segments label="Whose copies" options={[["one", "This recipient"], ["all", "All recipients of the message"]] as const} value={scope.what === "message" ? "all" : "one"}
            onChange={(v) => wizard.go({ scope: v === "all" ? { what: "message", id: own.picks[0]!.id } : own }, { replace: true })} />
        </div>
      )}
      {first.error ? <ProblemNote error={first.error} onRetry={() => void first.refetch()} /> : null}
      <div role="radiogroup" aria-label="Action" className={styles.kinds}>
        {kinds.map((k) => <KindRow key={k.kind} {...k} name={name} plan={plan(k.kind)} wait={small || k.kind === kind} on={k.kind === kind} onPick={() => wizard.go({ kind: k.kind }, { replace: true })} />)}
      </div>
      <div className={styles.write}>
        <Field label="Name" hint="What people will call it."><Input value={draft.name} maxLength={200} placeholder={kind} onChange={(_, d) => onDraft({ ...draft, name: d.value })} /></Field>
        <Field label="Reason" required hint="Whoever approves it, or looks at it later, reads this." {...(tried && missing ? { validationState: "error" as const, validationMessage: "At least three characters: a ticket number, or a sentence" } : {})}>
          <Textarea value={draft.reason} maxLength={2000} rows={2} resize="vertical" placeholder="A ticket number, or a sentence" onChange={(_, d) => onDraft({ ...draft, reason: d.value })} />
        </Field>
      </div>
    </Frame>
  );
}

function KindRow({ kind, means, icon: Icon, name, plan, wait, on, onPick }: (typeof kinds)[number] & { name: string; plan: Plan | undefined; wait: boolean; on: boolean; onPick: () => void }) {
  const none = plan?.possible === 0;
  return (
    <label className={`${styles.kind} ${none ? styles.none : ""}`}>
      <input type="radio" name={name} checked={on} onChange={onPick} />
      <Icon aria-hidden />
      <div>
        <b>{kind}</b>
        {plan ? <span> · {none ? "not possible" : `${number(plan.possible)} possible`}</span> : wait ? <Skeleton className={styles.counting}><SkeletonItem size={12} /></Skeleton> : null}
        <small>{none ? (plan.impossible[0]?.why ?? means) : means}</small>
      </div>
      {plan && !none && (
        <span className={styles.marks}>
          <i className={styles.mark}>{plan.approvals > 0 && <Person16Regular aria-hidden />}{needWords(plan.approvals)}</i>
          {plan.undoable ? <i className={`${styles.mark} ${styles.good}`}><ArrowUndo16Regular aria-hidden />Undo</i> : <i className={`${styles.mark} ${styles.bad}`}><Warning16Regular aria-hidden />No undo</i>}
        </span>
      )}
    </label>
  );
}
