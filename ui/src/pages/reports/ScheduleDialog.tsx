import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select, Switch, Textarea } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { Eye16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { RawText } from "../../components/RawText";
import { Untrusted } from "../../components/Untrusted";
import { useOptions, usePreviewSchedule, useSaveSchedule, type Draft, type Kind, type Preview, type Schedule } from "./queries";
import styles from "./Reports.module.css";
import { weekdays } from "./words";

const usual = (): Draft => ({ name: "", report: "dashboard", to: [], rhythm: "weekly", weekday: "Monday", day: 1, hour: 7, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, filter: {}, on: true });

const draftOf = (o: Schedule): Draft => ({ name: o.name, report: o.report, to: o.to, rhythm: o.rhythm, weekday: o.weekday, day: o.day, hour: o.hour, zone: o.zone, filter: o.filter, on: o.on, version: o.version });

/** Says which report goes to whom, and when. */
export function ScheduleDialog({ order, kinds, domains, onClose }: { order: Schedule | undefined; kinds: readonly Kind[]; domains: readonly string[]; onClose: () => void }) {
  const [d, setDraft] = useState<Draft>(() => (order ? draftOf(order) : usual()));
  const [to, setTo] = useState(d.to.join("\n"));
  const options = useOptions();
  const save = useSaveSchedule(order?.id ?? "");
  const preview = usePreviewSchedule();
  const set = (c: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...c }));
    preview.reset(); // it was of what stood there before
  };
  const people = to.split(/[\s,;]+/).filter((a) => a !== "");
  const ready = d.name.trim() !== "" && people.length > 0 && !save.isPending;
  const go = () => ready && save.mutate({ ...d, to: people }, { onSuccess: onClose });
  const show = () => ready && !preview.isPending && preview.mutate({ ...d, to: people });
  return (
    <Dialog open onOpenChange={(_, e) => !e.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{order ? "Change the schedule" : "New schedule"}</DialogTitle>
          <DialogContent className={styles.form}>
            <Field label="Name" required hint="Stands in the subject."><Input value={d.name} maxLength={100} onChange={(_, e) => set({ name: e.value })} /></Field>
            <Field label="Report"><Select value={d.report} onChange={(_, e) => set({ report: e.value })}><option value="dashboard">Dashboard</option>{kinds.map((k) => <option key={k.name} value={k.name}>{k.title}</option>)}</Select></Field>
            <Field label="To" required hint={`One address a line: of ${domains.join(", ") || "the organisation"}, or an operator's.`}><Textarea value={to} rows={3} resize="vertical" onChange={(_, e) => { setTo(e.value); preview.reset(); }} /></Field>
            <div className={styles.pair}>
              <Field label="How often"><Select value={d.rhythm} onChange={(_, e) => set({ rhythm: e.value as Draft["rhythm"] })}><option value="daily">Every day</option><option value="weekly">Every week</option><option value="monthly">Every month</option></Select></Field>
              {d.rhythm === "weekly" && <Field label="Day"><Select value={d.weekday ?? "Monday"} onChange={(_, e) => set({ weekday: e.value as NonNullable<Draft["weekday"]> })}>{weekdays.map((w) => <option key={w} value={w}>{w}</option>)}</Select></Field>}
              {d.rhythm === "monthly" && <Field label="Day of the month"><Select value={String(d.day ?? 1)} onChange={(_, e) => set({ day: Number(e.value) })}>{Array.from({ length: 31 }, (_, i) => <option key={i} value={i + 1}>{i + 1}</option>)}</Select></Field>}
              <Field label="Hour"><Select value={String(d.hour)} onChange={(_, e) => set({ hour: Number(e.value) })}>{Array.from({ length: 24 }, (_, i) => <option key={i} value={i}>{i}:00</option>)}</Select></Field>
              <Field label="Time zone"><Input value={d.zone} maxLength={60} onChange={(_, e) => set({ zone: e.value })} /></Field>
            </div>
            <Field label="About"><Select value={d.filter.domain ?? ""} onChange={(_, e) => set({ filter: { ...d.filter, domain: e.value } })}><option value="">All domains</option>{(options.data?.domains ?? []).map((c) => <option key={c.name} value={c.name}>{c.name}</option>)}</Select></Field>
            <Switch label={d.on ? "On" : "Off"} checked={d.on} onChange={(_, e) => set({ on: e.checked })} />
            {preview.data && <Letter letter={preview.data} />}
            {save.error ?? preview.error ? <ProblemNote error={save.error ?? preview.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button appearance="subtle" icon={<Eye16Regular />} disabledFocusable={!ready || preview.isPending} title={ready ? undefined : "Give it a name and somebody to send it to"} onClick={show}>{preview.isPending ? "Writing it" : "Preview"}</Button>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{save.isPending ? "Saving" : "Save"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** The letter as text: mail programs show it so, or the same with tables. */
function Letter({ letter: l }: { letter: Preview }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" }); // newer browsers return a promise, which is no way to clean up
  }, []);
  return (
    <section ref={place} className={styles.letter} aria-label="Preview of the letter">
      <b><Untrusted text={l.subject} /></b>
      <RawText text={l.text} label="Text of the letter" />
      {l.files.length > 0 && <p className={styles.faded}>With {l.files.length === 1 ? "the file" : "the files"} {l.files.join(", ")}</p>}
    </section>
  );
}
