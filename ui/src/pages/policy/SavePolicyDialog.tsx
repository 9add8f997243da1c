import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { Problem, type Schemas } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { leastReason, ReasonField } from "../email/ReasonField";
import { cautions, differences, type Settings } from "./decide";
import { Diff } from "./Diff";
import styles from "./Policy.module.css";
import { useRereadPolicy, useSavePolicy } from "./queries";

/** Saves a changed policy: what changes, what to think of, and why. */
export function SavePolicyDialog({ now, draft, reason: given, onClose, onSaved }: { now: Schemas["PolicyInForce"]; draft: Settings; reason: string; onClose: () => void; onSaved: () => void }) {
  const [reason, setReason] = useState(given);
  const save = useSavePolicy();
  const reread = useRereadPolicy();
  const ready = reason.trim().length >= leastReason && !save.isPending;
  const late = save.error instanceof Problem && save.error.status === 409;
  const warnings = cautions(draft, now.policy);
  const go = () => ready && save.mutate({ policy: draft, version: now.version, reason: reason.trim() }, { onSuccess: onSaved });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>{draft.mode === "act" && now.policy.mode === "watch" ? "Turn it on?" : "Save the policy"}</DialogTitle>
          <DialogContent className={styles.form}>
            <p>Counts for the next message. Mail of the last days is judged again with it.</p>
            <Diff changes={differences(now.policy, draft)} />
            {warnings.length > 0 && <div className={styles.caution}><Warning16Regular aria-hidden /><div><ul>{warnings.map((w) => <li key={w}>{w}</li>)}</ul></div></div>}
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            <p className={styles.dim}>Your name, the time and the reason stand in the history and in the audit log.</p>
            {late ? (
              <div className={styles.caution} role="alert">
                <Warning16Regular aria-hidden />
                <div>Somebody else saved the policy meanwhile. <button type="button" className="textbutton" onClick={() => void reread().then(onClose)}>Look at theirs</button> Your changes stay as a proposal on top of it.</div>
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
