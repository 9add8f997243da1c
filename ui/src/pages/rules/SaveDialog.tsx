import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { usePut, type Rule } from "./queries";
import styles from "./Rules.module.css";

interface Props {
  id: string;
  text: string;
  /** The rule as it was opened; undefined for a new one. */
  of: Rule | undefined;
  /** What the reason is to begin with. */
  reason: string;
  onSaved: (r: Rule) => void;
  onClose: () => void;
}

/** Keeps the text of a rule, and asks why. */
export function SaveDialog({ id, text, of, reason: given, onSaved, onClose }: Props) {
  const [reason, setReason] = useState(given);
  const [enabled, setEnabled] = useState(of?.enabled ?? true);
  const put = usePut();
  const late = put.error instanceof Problem && put.error.status === 409;
  const over = of && of.origin !== "own";
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (reason.trim() !== "") put.mutate({ id, text, enabled, version: of?.version ?? 0, reason: reason.trim() }, { onSuccess: onSaved });
          }}
        >
          <DialogBody>
            <DialogTitle>Save <span className={styles.break}>{id}</span></DialogTitle>
            <DialogContent style={{ display: "flex", flexDirection: "column", gap: 12 }}>
              <p>{over ? `Your text stands before the ${of.origin} rule of the same id. The file stays as it is, and comes back when you remove your text.` : of ? "The new text judges all mail that comes from now on." : "The rule judges all mail that comes from now on."}</p>
              <Field label="Why" required hint="Shown in the history and in the audit log"><Textarea autoFocus value={reason} maxLength={500} rows={2} onChange={(_, d) => setReason(d.value)} /></Field>
              <Checkbox checked={enabled} onChange={(_, d) => setEnabled(d.checked === true)} label="On: it judges mail" />
              {late ? <p role="alert" className={styles.bad}>{of ? "Somebody changed this rule meanwhile. Your text stays here: look at the history, then save it again." : "There is a rule with this id already. Give yours another id, or open that one."}</p> : put.error ? <ProblemNote error={put.error} /> : null}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" appearance="primary" disabled={put.isPending || reason.trim() === ""}>Save</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
