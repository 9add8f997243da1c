import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { useRefuse, type Entry } from "./queries";
import { plural } from "./words";

/** Answers requests for release with no, in words that the people who asked read. */
export function RefuseDialog({ entries, onClose }: { entries: Entry[]; onClose: (done: boolean) => void }) {
  const refuse = useRefuse();
  const [reason, setReason] = useState("");
  const ready = reason.trim() !== "" && !refuse.isPending;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose(false)}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Refuse {entries.length === 1 ? "the request" : `${number(entries.length)} requests`}</DialogTitle>
          <DialogContent className={base.form}>
            <p>{entries.length === 1 ? "The person who asked gets" : "The people who asked get"} your answer by mail. The {plural(entries.length, "message stays", "messages stay")} held until {plural(entries.length, "it expires", "they expire")}.</p>
            <Field label="Answer" required hint="Say it so that somebody who knows nothing of mail security understands it.">
              <Textarea value={reason} maxLength={1000} rows={3} autoFocus onChange={(_, d) => setReason(d.value)} />
            </Field>
            {refuse.error ? <ProblemNote error={refuse.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={() => onClose(false)}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={() => ready && refuse.mutate({ entries, reason: reason.trim() }, { onSuccess: () => onClose(true) })}>{refuse.isPending ? "Answering" : "Refuse"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
