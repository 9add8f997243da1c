import { Checkbox, Field, Input, Select, Switch } from "@fluentui/react-components";
import { useState } from "react";
import styles from "./Feeds.module.css";
import type { Settings } from "./queries";
import { every, everyWords } from "./words";

const number = (v: string, most: number) => Math.min(most, Math.max(0, Math.round(Number(v)) || 0));

/** What the feed's entries count for where they say nothing of their own, and how often it is read. */
export function SwitchStep({ settings: s, onChange }: { settings: Settings; onChange: (c: Partial<Settings>) => void }) {
  const [tags, setTags] = useState((s.tags ?? []).join(", "));
  return (
    <>
      <Field label="Name" required hint="Its indicators are kept under a short form of it"><Input value={s.name} maxLength={120} autoFocus onChange={(_, d) => onChange({ name: d.value })} /></Field>
      <div className={styles.pair}>
        <Field label="What it brings is" hint={s.state === "confirmed" ? "Confirmed entries count in full" : "Suspicious entries count half, until somebody confirms them"}>
          <Select value={s.state ?? "suspicious"} onChange={(_, d) => onChange({ state: d.value as NonNullable<Settings["state"]> })}><option value="suspicious">Suspicious</option><option value="confirmed">Confirmed</option></Select>
        </Field>
        <Field label="Read it">
          <Select value={String(s.every_minutes)} onChange={(_, d) => onChange({ every_minutes: Number(d.value) })}>
            {every.map(([m, w]) => <option key={m} value={m}>{w}</option>)}
            {!every.some(([m]) => m === s.every_minutes) && <option value={s.every_minutes}>{everyWords(s.every_minutes)}</option>}
          </Select>
        </Field>
      </div>
      <p className={styles.faded}>For entries that say nothing of their own:</p>
      <div className={styles.three}>
        <Field label="Confidence, 0 to 100"><Input type="number" min={0} max={100} value={String(s.confidence)} onChange={(_, d) => onChange({ confidence: number(d.value, 100) })} /></Field>
        <Field label="Valid for days" hint="0: until it is withdrawn"><Input type="number" min={0} max={3650} value={String(s.days)} onChange={(_, d) => onChange({ days: number(d.value, 3650) })} /></Field>
        <Field label="TLP" hint="Without one it counts as amber">
          <Select value={s.tlp ?? ""} onChange={(_, d) => onChange({ tlp: d.value as NonNullable<Settings["tlp"]> })}><option value="">Not said</option><option value="clear">TLP:CLEAR</option><option value="green">TLP:GREEN</option><option value="amber">TLP:AMBER</option><option value="amber+strict">TLP:AMBER+STRICT</option><option value="red">TLP:RED</option></Select>
        </Field>
        <Field label="Threat"><Input value={s.threat ?? ""} maxLength={120} onChange={(_, d) => onChange({ threat: d.value })} /></Field>
        <Field label="Tags" hint="Separated by commas"><Input value={tags} maxLength={600} onChange={(_, d) => { setTags(d.value); onChange({ tags: d.value.split(",").map((t) => t.trim()).filter(Boolean).slice(0, 10) }); }} /></Field>
      </div>
      {(s.kind === "stix" || s.kind === "csv" || s.kind === "text") && <Checkbox checked={s.whole ?? false} onChange={(_, d) => onChange({ whole: d.checked === true })} label="The list is all there is: what it does not name any more is retired" />}
      <Switch checked={s.enabled} onChange={(_, d) => onChange({ enabled: d.checked })} label={s.enabled ? "Switched on: it is read at once, and then on its schedule" : "Switched off: it is kept and not read"} />
    </>
  );
}
