import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { Problem } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { leastReason, ReasonField } from "../email/ReasonField";
import styles from "./Policy.module.css";

interface Props {
  title: string;
  /** What counts from when on. */
  counts: string;
  /** A reason that is proposed. */
  reason: string;
  save: { isPending: boolean; error: unknown };
  onSave: (reason: string) => void;
  /** When somebody else was faster: what becomes of one's own, and reading theirs. */
  late: { yours: string; onReread: () => Promise<unknown> };
  onClose: () => void;
  /** What changes. */
  children: ReactNode;
}

/** Saves the next version of what everybody works by: what changes, what to think of, and why. Nobody's version is overwritten unseen. */
export function SaveVersion({ title, counts, reason: given, save, onSave, late, onClose, children }: Props) {
  const [reason, setReason] = useState(given);
  const ready = reason.trim().length >= leastReason && !save.isPending;
  const go = () => ready && onSave(reason.trim());
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.form}>
            <p>{counts}</p>
            {children}
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            <p className={styles.dim}>Your name, the time and the reason stand in the history and in the audit log.</p>
            {save.error instanceof Problem && save.error.status === 409 ? (
              <div className={styles.caution} role="alert">
                <Warning16Regular aria-hidden />
                <div>Somebody else saved the policy meanwhile. <button type="button" className="textbutton" onClick={() => void late.onReread().then(onClose)}>Look at theirs</button> {late.yours}</div>
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
