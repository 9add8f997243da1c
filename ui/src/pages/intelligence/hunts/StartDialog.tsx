import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../../components/Problem";
import { useMay } from "../../../session/queries";
import { useClock } from "../../../time/Clock";
import { number } from "../../../time/zone";
import { lastReason, leastReason, ReasonField, rememberReason } from "../../email/ReasonField";
import styles from "../indicators/Indicators.module.css";
import { useSources, useStartHunt, type Hunt } from "../indicators/queries";

/** Starts a search for the indicators of a source, or for all. */
export function StartDialog({ onClose, onStarted }: { onClose: () => void; onStarted: (h: Hunt) => void }) {
  const { now } = useClock();
  const judge = useMay("rejudge.run");
  const sources = useSources().data?.sources ?? [];
  const [source, setSource] = useState("");
  const [days, setDays] = useState(30);
  const [rejudge, setRejudge] = useState(judge);
  const [reason, setReason] = useState(lastReason());
  const start = useStartHunt();
  const ready = reason.trim().length >= leastReason && !start.isPending;
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    start.mutate({ ...(source && { source }), since: new Date(now.getTime() - days * 86400_000).toISOString(), rejudge, reason: reason.trim() }, { onSuccess: onStarted });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>Search stored mail for indicators</DialogTitle>
          <DialogContent className={styles.form}>
            <p>Senders, servers, subjects, links, files and clicks of the time are compared with the indicators. It goes on after a restart and can be cancelled.</p>
            <Field label="Look for"><Select value={source} onChange={(_, d) => setSource(d.value)}><option value="">Everything at work</option>{sources.map((s) => <option key={s.source} value={s.source}>{`Everything of ${s.source} (${number(s.suspicious + s.confirmed)})`}</option>)}</Select></Field>
            <Field label="In the mail of"><Select value={String(days)} onChange={(_, d) => setDays(Number(d.value))}>{[1, 7, 30, 90, 365].map((n) => <option key={n} value={n}>{n === 1 ? "the last day" : `the last ${n} days`}</option>)}</Select></Field>
            <Checkbox checked={rejudge} disabled={!judge} label="Judge what is found again: the policy may take it out of mailboxes" onChange={(_, d) => setRejudge(d.checked === true)} />
            {!judge && <p className={styles.faded}>Judging again needs the permission rejudge.run, which your roles do not give. You get the list and an alert.</p>}
            <ReasonField value={reason} onChange={setReason} onEnter={go} />
            {start.error && <ProblemNote error={start.error} />}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>Search</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
