import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { useClock } from "../../time/Clock";
import { leastReason, ReasonField } from "../email/ReasonField";
import styles from "./Policy.module.css";
import { useStartRejudge } from "./queries";
import type { Run } from "./runs";

const windows = [["24", "24 hours"], ["48", "48 hours"], ["168", "7 days"], ["720", "30 days, the most"]] as const;
const threats = ["Malware", "Phish", "Spam"] as const;

/** Has delivered mail judged again: how far back, for what, and whether decisions are written down. */
export function RejudgeDialog({ onClose, onStarted }: { onClose: () => void; onStarted: (r: Run) => void }) {
  const { now } = useClock();
  const [hours, setHours] = useState("48");
  const [threat, setThreat] = useState<"" | (typeof threats)[number]>("");
  const [dry, setDry] = useState(true);
  const [reason, setReason] = useState("");
  const start = useStartRejudge();
  const ready = reason.trim().length >= leastReason && !start.isPending;
  // A minute short of it, so that the longest is not longer than allowed by the time it arrives.
  const go = () => ready && start.mutate({ since: new Date(now.getTime() - Number(hours) * 3_600_000 + 60_000).toISOString(), dry_run: dry, reason: reason.trim(), ...(threat ? { threat } : {}) }, { onSuccess: onStarted });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>Judge delivered mail again</DialogTitle>
          <DialogContent className={styles.form}>
            <div className={styles.pair}>
              <Field label="Mail of the last"><Select value={hours} onChange={(_, d) => setHours(d.value)}>{windows.map(([h, w]) => <option key={h} value={h}>{w}</option>)}</Select></Field>
              <Field label="Only what becomes, or was"><Select value={threat} onChange={(_, d) => setThreat(d.value as typeof threat)}><option value="">Any threat</option>{threats.map((t) => <option key={t} value={t}>{t}</option>)}</Select></Field>
            </div>
            <Checkbox checked={dry} onChange={(_, d) => setDry(d.checked === true)} label="Dry run: only show what would be decided" />
            <p className={styles.note}>{dry ? "Nothing is written down but the list of what would change." : "New verdicts are written into the timeline of each message, and what should leave a mailbox as Pending. Where a mail system is connected it becomes an automatic action, which the approval policy may hold."}</p>
            <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
            {start.error ? <ProblemNote error={start.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{dry ? "Start the dry run" : "Judge again"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
