import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Radio, RadioGroup } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import { leastReason, ReasonField } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import { modelOf, type Learning, type LearnThreat } from "./learning";
import { useActivate, useResetLearning } from "./queries";

/** Lets a model speak, after saying what that means. The server checks it first, on today's mail. */
export function ActivateDialog({ learning, threat, onClose }: { learning: Learning; threat: LearnThreat; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const activate = useActivate();
  const ready = reason.trim().length >= leastReason && !activate.isPending;
  const go = () => ready && activate.mutate({ threat, reason: reason.trim() }, { onSuccess: onClose });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Let the model for {threat} speak?</DialogTitle>
          <DialogContent className={base.form}>
            <p>It is checked again first, on mail of the last 14 days that was delivered and reported by nobody. If it finds more than {learning.most_false_positives} % of that, it stays in shadow and says so here.</p>
            <p>From then on it adds up to 38 points for {threat.toLowerCase()}, or takes up to 8 away, from the next message on. Alone it never names a threat.{modelOf(learning, threat, "active") && " The one that speaks now is replaced."}</p>
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            <p className={base.dim}>Your name, the time and the reason go into the audit log.</p>
            {activate.error ? <ProblemNote error={activate.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{activate.isPending ? "Checking" : "Check and activate"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** Takes the models away, and on request all that they learned from. */
export function ResetDialog({ learning: l, onClose }: { learning: Learning; onClose: () => void }) {
  const [everything, setEverything] = useState(false);
  const [reason, setReason] = useState("");
  const reset = useResetLearning();
  const ready = reason.trim().length >= leastReason && !reset.isPending;
  const go = () => ready && reset.mutate({ everything, reason: reason.trim() }, { onSuccess: onClose });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Reset what was learned?</DialogTitle>
          <DialogContent className={base.form}>
            <RadioGroup value={everything ? "all" : "models"} onChange={(_, d) => setEverything(d.value === "all")} aria-label="What is taken away">
              <Radio value="models" label={`The models only: they fall silent at once. ${number(l.examples)} examples and all labels stay, and new models are trained from them.`} />
              <Radio value="all" label={`Everything: the models, ${number(l.examples)} examples, and what people called ${number(l.phish + l.spam + l.good)} messages.`} />
            </RadioGroup>
            <p className={base.caution}><span>This cannot be undone. Verdicts of earlier mail stay as they are.</span></p>
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            <p className={base.dim}>Your name, the time and the reason go into the audit log.</p>
            {reset.error ? <ProblemNote error={reset.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{reset.isPending ? "Resetting" : everything ? "Take everything away" : "Take the models away"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
