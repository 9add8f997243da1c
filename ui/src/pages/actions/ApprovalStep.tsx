import { Button, Checkbox } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Problem } from "../../api/client";
import { Clock16Regular, Hourglass16Regular, Person16Regular, ShieldTask20Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useOperator } from "../../session/queries";
import { useClock, useZone } from "../../time/Clock";
import { day, clock, number, zoneName } from "../../time/zone";
import { useSimulation, useStart } from "./queries";
import { Frame, type StepProps } from "./Wizard";
import styles from "./Wizard.module.css";
import { boxes, count, people, type Plan } from "./words";

/** Step 3: who has to agree, which rule says so, and what they will see. Leaving it asks for the action. */
export function ApprovalStep(props: StepProps) {
  const { wizard, seen } = props;
  // After a reload nobody has looked at a list: back to it.
  useEffect(() => {
    if (!seen) wizard.go({ step: "targets" }, { replace: true });
    // Once, when the step is entered.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return seen ? <Body {...props} plan={seen} /> : null;
}

function Body({ wizard, kind, scope, draft, plan, onChanged }: StepProps & { plan: Plan }) {
  const client = useQueryClient();
  const zone = useZone();
  const { now } = useClock();
  const { operator } = useOperator();
  const [sure, setSure] = useState(plan.undoable);
  const start = useStart();
  const who = useSimulation({ kind, mailboxes: plan.mailboxes, priority: plan.priority_accounts });
  const at = who.data ? new Date(now.getTime() + who.data.expires_hours * 3_600_000) : undefined;
  const asks = plan.approvals > 0;
  const ready = sure && !start.isPending;
  const go = () => {
    if (!ready) return;
    start.mutate({ kind, scope, name: draft.name.trim(), reason: draft.reason.trim(), plan: plan.digest }, {
      onSuccess: (a) => {
        sessionStorage.removeItem("tocsin.action.draft");
        wizard.go({ step: { id: a.id }, scope: undefined }, { replace: true });
      },
      onError: (e) => {
        if (!(e instanceof Problem) || e.status !== 409) return;
        onChanged(true); // the list is another one now: it is read anew and shown, with what it was
        client.removeQueries({ queryKey: ["plan"] });
        wizard.go({ step: "targets" }, { replace: true });
      },
    });
  };
  const title = asks ? `${people(plan.approvals)} must agree` : "It runs at once";
  return (
    <Frame
      title={title}
      sub={asks ? "You propose, somebody else approves. The list that they see is the frozen one." : "The approval policy asks nobody else for something of this size."}
      foot={asks ? (at && <><Clock16Regular aria-hidden /><span>If nobody decides by <span className="num">{day(at, zone)}, {clock(at, zone)} {zoneName(at, zone)}</span>, it expires and nothing happens.</span></>) : "It can be stopped while it runs; what is done by then stays done."}
      actions={<><Button onClick={() => wizard.go({ step: "targets" })}>Back</Button><Button appearance="primary" disabledFocusable={!ready} onClick={go}>{start.isPending ? "Asking" : asks ? "Send for approval" : `${kind}: ${boxes(plan.mailboxes)}`}</Button></>}
      onClose={wizard.close}
    >
      <div className={styles.two}>
        <div className={styles.column}>
          <div className={styles.note}>
            <ShieldTask20Regular aria-hidden />
            <div>
              <b>{asks ? "Why approval is needed" : "Why nobody else is asked"}</b>
              <p>The rule “<Untrusted text={plan.rule} />” of the approval policy.</p>
              <p>{boxes(plan.mailboxes)}{plan.priority_accounts > 0 && `, ${count(plan.priority_accounts, "priority account")} among them`}. {plan.undoable ? "It can be undone." : "It cannot be undone."}</p>
            </div>
          </div>
          {!plan.undoable && <Checkbox checked={sure} onChange={(_, d) => setSure(d.checked === true)} label="I know that this cannot be undone: what is deleted is gone, with what Tocsin kept of it." />}
          {asks && (
            <section aria-labelledby="approvers">
              <h3 id="approvers">Who can approve it</h3>
              {who.error ? <ProblemNote error={who.error} /> : (
                <ul className={styles.people}>
                  {who.data?.could.slice(0, 20).map((p) => <li key={p.email}><Person16Regular aria-hidden /><b><Untrusted text={p.name} /></b><span><Untrusted text={p.email} /></span></li>)}
                  {(who.data?.could.length ?? 0) > 20 && <li>and {number(who.data!.could.length - 20)} more</li>}
                  <li className={styles.offline}><Person16Regular aria-hidden /><b>{operator.name}</b><span>not your own action</span></li>
                </ul>
              )}
              {who.data && !who.data.enough && <p className={styles.caution} role="alert"><Warning16Regular aria-hidden /><span>{who.data.say}</span></p>}
            </section>
          )}
          {start.error && !(start.error instanceof Problem && start.error.status === 409) ? <ProblemNote error={start.error} /> : null}
        </div>
        <section className={styles.column} aria-labelledby="preview">
          <h3 id="preview">{asks ? "What the approver gets" : "What will be kept of it"}</h3>
          <div className={styles.card}>
            <span className={styles.wait}><Hourglass16Regular aria-hidden />{asks ? "Waiting for approval" : "Queued"}</span>
            <h4>{kind} {count(plan.possible, "email event")} in {boxes(plan.mailboxes)}</h4>
            {draft.name.trim() && <p><Untrusted text={draft.name.trim()} /></p>}
            <dl>
              <dt>Reason</dt><dd><Untrusted text={draft.reason.trim()} /></dd>
              <dt>Proposed by</dt><dd>{operator.name}</dd>
              <dt>Left out</dt><dd>{plan.targets > plan.possible ? `${number(plan.targets - plan.possible)} that cannot be touched` : "nothing"}</dd>
              <dt>Priority</dt><dd>{plan.priority_accounts > 0 ? count(plan.priority_accounts, "account") : "none"}</dd>
              <dt>Undo</dt><dd>{plan.undoable ? "possible" : "not possible"}</dd>
            </dl>
          </div>
        </section>
      </div>
    </Frame>
  );
}
