import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Skeleton, SkeletonItem, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import { leastReason } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import { useDecide, useUndoPlan, type Decision } from "./queries";
import { boxes, count, line, needWords, people, type Action } from "./words";

const words: Record<Decision, { title: string; does: string; busy: string; needs: boolean; text: (a: Action) => string }> = {
  approve: { title: "Approve it?", does: "Approve", busy: "Approving", needs: false, text: (a) => `${line(a)}. ${a.kind === "Hard delete" ? "It cannot be undone. " : ""}${a.needs - a.approvals.filter((x) => x.yes).length > 1 ? "After you, others have to approve too." : "It begins at once."}` },
  reject: { title: "Reject it?", does: "Reject", busy: "Rejecting", needs: true, text: (a) => `${line(a)} will not be done. One refusal ends the request.` },
  cancel: { title: "Stop it?", does: "Stop", busy: "Stopping", needs: false, text: (a) => (a.state === "Waiting for approval" ? "The request is taken back, and nothing happens." : "What is begun is finished, what is done stays done, and the rest is left alone.") },
  retry: { title: "Try the failed ones again?", does: "Try again", busy: "Trying", needs: false, text: (a) => `${count(a.counts.failed, "email event")} that failed, with all tries. What was done is not touched.` },
  undo: { title: "Undo it?", does: "Undo", busy: "Asking", needs: true, text: () => "" },
};

/** Asks once more before something is decided about an action, and for the reason. */
export function DecideDialog({ action: a, does, onClose, onDone }: { action: Action; does: Decision; onClose: () => void; onDone: (a: Action) => void }) {
  const w = words[does];
  const [reason, setReason] = useState("");
  const decide = useDecide(a.id);
  const ready = (!w.needs || reason.trim().length >= leastReason) && !decide.isPending;
  const go = () => ready && decide.mutate({ does, reason: reason.trim() }, { onSuccess: onDone });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{does === "cancel" && a.state === "Waiting for approval" ? "Take the request back?" : w.title}</DialogTitle>
          <DialogContent className={base.form}>
            {does === "undo" ? <UndoPlan id={a.id} /> : <p>{w.text(a)}</p>}
            <Field label={does === "approve" ? "Comment" : "Reason"} required={w.needs} hint={does === "reject" ? "Whoever asked for it reads this." : undefined}>
              <Textarea value={reason} maxLength={2000} rows={2} autoFocus onChange={(_, d) => setReason(d.value)} />
            </Field>
            <p className={base.dim}>Your name, the time and what you write stand in the action and in the audit log.</p>
            {decide.error ? <ProblemNote error={decide.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{decide.isPending ? w.busy : w.does}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** What undoing would do, and who has to agree. */
function UndoPlan({ id }: { id: string }) {
  const plan = useUndoPlan(id);
  const p = plan.data;
  if (plan.error) return <ProblemNote error={plan.error} />;
  if (!p) return <Skeleton aria-label="Reading the receipts"><SkeletonItem size={48} /></Skeleton>;
  return (
    <>
      <p>{count(p.possible, "email event")} in {boxes(p.mailboxes)} go back to where their receipts say they lay, with their flags and their time of arrival. What their owners put back or moved meanwhile is left.</p>
      {p.impossible.map((o) => <p key={o.why}>{number(o.count)} cannot: {o.why}</p>)}
      <p>{p.approvals > 0 ? `${people(p.approvals)} must agree` : needWords(0)}: the rule “{p.rule}” of the approval policy.</p>
    </>
  );
}
