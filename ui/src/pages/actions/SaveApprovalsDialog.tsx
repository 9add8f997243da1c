import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Problem, type Schemas } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { leastReason, ReasonField } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import type { Policy } from "./ApprovalsPage";
import { differences } from "./differences";
import { useSaveApprovals } from "./queries";

/** Saves another approval policy: what changes, and why. */
export function SaveApprovalsDialog({ now, draft, reason: given, onClose, onSaved }: { now: Schemas["ApprovalsInForce"]; draft: Policy; reason: string; onClose: () => void; onSaved: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState(given);
  const save = useSaveApprovals();
  const ready = reason.trim().length >= leastReason && !save.isPending;
  const late = save.error instanceof Problem && save.error.status === 409;
  const go = () => ready && save.mutate({ policy: draft, version: now.version, reason: reason.trim() }, { onSuccess: onSaved });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Save the approval policy</DialogTitle>
          <DialogContent className={base.form}>
            <p>It counts for actions that are asked for from now on. Requests that wait keep the rule they were asked by.</p>
            <Differences before={now.policy} after={draft} />
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            <p className={base.dim}>Your name, the time and the reason stand in the history and in the audit log.</p>
            {late ? (
              <div className={base.caution} role="alert">
                <Warning16Regular aria-hidden />
                <div>Somebody else saved the policy meanwhile. <button type="button" className="textbutton" onClick={() => void client.invalidateQueries({ queryKey: ["approvals"] }).then(onClose)}>Look at theirs</button> Your changes stay on top of it.</div>
              </div>
            ) : save.error ? <ProblemNote error={save.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{save.isPending ? "Saving" : "Save"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** What differs between two approval policies, one line a rule. */
export function Differences({ before, after }: { before: Policy; after: Policy }) {
  const all = differences(before, after);
  if (all.length === 0) return <p className={base.dim}>Nothing differs.</p>;
  return <ul className={base.diff}>{all.map((d) => <li key={d.what + d.text}><b>{d.what}</b> {d.text}</li>)}</ul>;
}
