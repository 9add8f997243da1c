import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { severities } from "../../../address/alerts";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useChangeTracked, useTrack, type Tracked, type TrackedAsk } from "./queries";
import styles from "./Trackers.module.css";
import { evers, lengthWords, windows } from "./words";

interface Props {
  /** The tracker that is changed; undefined for a new one. */
  of: Tracked | undefined;
  name: string;
  queryID: string;
  onDone: (t: Tracked) => void;
  onClose: () => void;
}

/** Puts a saved query on a schedule, or changes the schedule. */
export function TrackDialog({ of, name, queryID, onDone, onClose }: Props) {
  const [every, setEvery] = useState(of?.every_seconds ?? 3600);
  const [back, setBack] = useState(of?.window_seconds ?? 86_400);
  const [condition, setCondition] = useState<TrackedAsk["condition"]>(of?.condition ?? "Above");
  const [threshold, setThreshold] = useState(String(of?.threshold ?? 0));
  const [severity, setSeverity] = useState<NonNullable<TrackedAsk["severity"]>>(of?.severity ?? "Medium");
  const track = useTrack(), change = useChangeTracked();
  const n = /^\d{1,9}$/.test(threshold) ? Number(threshold) : undefined;
  const gap = back < every;
  const ready = (condition === "Never" || n !== undefined) && !gap && !track.isPending && !change.isPending;
  const submit = () => {
    const body = { every_seconds: every, window_seconds: back, condition, threshold: n ?? 0, severity, category: of?.category ?? "", on: of ? of.on : true };
    if (of) change.mutate({ ...body, id: of.id, revision: of.revision }, { onSuccess: onDone });
    else track.mutate({ ...body, query_id: queryID }, { onSuccess: onDone });
  };
  const error = track.error ?? change.error;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <form onSubmit={(e) => { e.preventDefault(); if (ready) submit(); }}>
          <DialogBody>
            <DialogTitle>{of ? "Change" : "Track"}: <Untrusted text={name} /></DialogTitle>
            <DialogContent className={styles.form}>
              <Field label="Run every"><Select value={String(every)} onChange={(_, d) => setEvery(Number(d.value))}>{evers.map((s) => <option key={s} value={s}>{lengthWords(s)}</option>)}</Select></Field>
              <Field label="Look back" {...(gap ? { validationMessage: "What comes between two runs would never be looked at: look back at least as long." } : {})}><Select value={String(back)} onChange={(_, d) => setBack(Number(d.value))}>{windows.map((s) => <option key={s} value={s}>the last {lengthWords(s)}</option>)}</Select></Field>
              <Field label="Raise an alert when the count" hint={condition === "Grows" ? "Against the same time of the days before; it needs three of them first." : undefined}>
                <Select value={condition} onChange={(_, d) => setCondition(d.value as TrackedAsk["condition"])}>
                  <option value="Above">is more than…</option>
                  <option value="Grows">grows unusually, and is at least…</option>
                  <option value="Never">never: only keep the counts</option>
                </Select>
              </Field>
              {condition !== "Never" && (
                <>
                  <Field label="Rows" {...(n === undefined ? { validationMessage: "A whole number, 0 or more." } : {})}><Input inputMode="numeric" value={threshold} maxLength={9} onChange={(_, d) => setThreshold(d.value)} /></Field>
                  <Field label="Severity"><Select value={severity} onChange={(_, d) => setSeverity(d.value as typeof severity)}>{severities.map((s) => <option key={s}>{s}</option>)}</Select></Field>
                </>
              )}
              {!of && <p className={styles.faded}>It runs as you: it stops when you may not hunt any more, or when the query is removed. Whoever may see alerts sees the query in its alert.</p>}
              {error ? <ProblemNote error={error} /> : null}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" appearance="primary" disabled={!ready}>{of ? "Save" : "Track it"}</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
