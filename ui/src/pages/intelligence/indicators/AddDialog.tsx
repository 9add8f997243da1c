import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, ProgressBar, Select, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { indicatorKinds, type IndicatorKind } from "../../../address/indicators";
import type { Schemas } from "../../../api/client";
import { CheckmarkCircle16Regular, DismissCircle16Regular, Warning16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useClock } from "../../../time/Clock";
import { number } from "../../../time/zone";
import { lastReason, leastReason, ReasonField, rememberReason } from "../../email/ReasonField";
import { InExplorer, Shown } from "./Bits";
import styles from "./Indicators.module.css";
import { useAdd, useTry } from "./queries";
import { kindMeans, kindWords, seenWords, valuesOf } from "./words";

const ends = [0, 7, 30, 90, 365] as const;

/** Adds indicators: says what they would hit in the mail of the last 30 days before they are kept. */
export function AddDialog({ given, onClose }: { given: string; onClose: () => void }) {
  const { now } = useClock();
  const [text, setText] = useState(given);
  const [kind, setKind] = useState<IndicatorKind | "">("");
  const [threat, setThreat] = useState("");
  const [confidence, setConfidence] = useState("80");
  const [state, setState] = useState<"confirmed" | "suspicious">("confirmed");
  const [tlp, setTLP] = useState("");
  const [tags, setTags] = useState("");
  const [days, setDays] = useState(90);
  const [good, setGood] = useState(false);
  const [reason, setReason] = useState(lastReason());
  const tried = useTry();
  const add = useAdd();
  const values = valuesOf(text);
  const body = (): Schemas["NewIndicators"] => ({
    indicators: values.map((value) => ({ value, ...(kind && { kind }) })), state, good, reason: reason.trim(), confidence: Math.max(0, Math.min(100, Number(confidence) || 0)),
    ...(threat.trim() && { threat: threat.trim() }), ...(tlp && { tlp: tlp as "clear" }), tags: tags.split(",").map((t) => t.trim()).filter(Boolean),
    ...(days > 0 && { valid_until: new Date(now.getTime() + days * 86400_000).toISOString() }),
  });
  const ready = values.length > 0 && reason.trim().length >= leastReason && !add.isPending;
  const anew = () => tried.reset();
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    add.mutate(body());
  };
  const done = add.data;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>{done ? "Added" : "Add indicators"}</DialogTitle>
          <DialogContent className={styles.form}>
            {done ? <Added of={done} /> : (
              <>
                <div className={styles.two}>
                  <Field label="Values" required hint={values.length > 1 ? `${number(values.length)} values` : "One on each line. Defanged ones are understood."}>
                    <Textarea value={text} rows={4} resize="vertical" spellCheck={false} autoFocus placeholder={"hxxps://harbour-docs[.]example/sign\nharbour-docs.example"} onChange={(_, d) => (setText(d.value), anew())} textarea={{ className: "mono" }} />
                  </Field>
                  <Field label="Kind" hint={kind ? kindMeans[kind] : "Subjects must be chosen; everything else tells itself."}>
                    <Select value={kind} onChange={(_, d) => (setKind(d.value as IndicatorKind | ""), anew())}>
                      <option value="">As the value says</option>
                      {indicatorKinds.map((k) => <option key={k} value={k}>{kindWords[k]}</option>)}
                    </Select>
                  </Field>
                </div>
                <div className={styles.pair}>
                  <Field label="State"><Select value={state} onChange={(_, d) => setState(d.value as typeof state)}><option value="confirmed">Confirmed: flags mail</option><option value="suspicious">Suspicious: counts half</option></Select></Field>
                  <Field label="Threat"><Input value={threat} maxLength={120} placeholder="A family, or phish" onChange={(_, d) => setThreat(d.value)} /></Field>
                  <Field label="Confidence"><Input type="number" min={0} max={100} value={confidence} onChange={(_, d) => setConfidence(d.value)} /></Field>
                  <Field label="Ends"><Select value={String(days)} onChange={(_, d) => setDays(Number(d.value))}>{ends.map((n) => <option key={n} value={n}>{n === 0 ? "Never" : n === 365 ? "In a year" : `In ${n} days`}</option>)}</Select></Field>
                  <Field label="TLP"><Select value={tlp} onChange={(_, d) => setTLP(d.value)}><option value="">Not said</option>{["clear", "green", "amber", "amber+strict", "red"].map((t) => <option key={t}>{t}</option>)}</Select></Field>
                  <Field label="Tags"><Input value={tags} placeholder="separated by commas" onChange={(_, d) => setTags(d.value)} /></Field>
                </div>
                <Checkbox checked={good} label="Known to be good: silences other sources on the same value" onChange={(_, d) => (setGood(d.checked === true), anew())} />
                <ReasonField value={reason} onChange={setReason} onEnter={go} />
                {tried.isPending && <ProgressBar aria-label="Looking through the mail of the last 30 days" />}
                {tried.data && <Tries of={tried.data} all={values.length} />}
                {(tried.error ?? add.error) && <ProblemNote error={tried.error ?? add.error} />}
              </>
            )}
          </DialogContent>
          {!done && <DialogActions position="start"><Button disabledFocusable={values.length === 0 || tried.isPending} onClick={() => values.length > 0 && tried.mutate({ ...body(), indicators: body().indicators.slice(0, 50) })}>What would it hit?</Button></DialogActions>}
          <DialogActions position="end">
            {done ? <Button appearance="primary" onClick={onClose}>Close</Button> : (
              <>
                <Button onClick={onClose}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{add.isPending ? "Adding" : values.length > 1 ? `Add ${number(values.length)}` : "Add"}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** What each value would hit. */
function Tries({ of, all }: { of: Schemas["IndicatorTries"]; all: number }) {
  return (
    <section aria-label="What it would hit">
      <ul className={styles.tries} aria-live="polite">
        {of.tries.map((t, i) => {
          const Icon = t.refused ? DismissCircle16Regular : t.held ? Warning16Regular : CheckmarkCircle16Regular;
          return (
            <li key={i} className={t.refused ? styles.bad : t.held ? styles.held : undefined}>
              <Icon aria-hidden />
              <div>
                <b className="mono"><Shown kind={t.indicator.kind} value={t.indicator.value} /></b>
                {t.refused ? <p><Untrusted text={t.refused} /></p> : (
                  <>
                    {t.held && <p>It would be held back until somebody looks: it <Untrusted text={t.held} />.</p>}
                    <p>{seenWords(t.seen)}. <InExplorer seen={t.seen}>Show them in Explorer</InExplorer></p>
                    {t.there.length > 0 && <p>There already, from <Untrusted text={t.there.join(", ")} />.</p>}
                  </>
                )}
              </div>
            </li>
          );
        })}
      </ul>
      {all > of.tries.length && <p className={styles.faded}>The first {number(of.tries.length)} of {number(all)} were tried.</p>}
    </section>
  );
}

function Added({ of }: { of: Schemas["IndicatorsAdded"] }) {
  const parts = [of.added > 0 && `${number(of.added)} added`, of.changed > 0 && `${number(of.changed)} changed`, of.same > 0 && `${number(of.same)} were there already`].filter(Boolean);
  return (
    <>
      <p role="status">{parts.length > 0 ? parts.join(", ") : "Nothing was added"}. New mail is judged with them at once; mail of the last days is searched, and what they touch is judged again.</p>
      {of.warnings.length > 0 && <ul className={styles.tries} aria-label="Held back">{of.warnings.map((w) => <li key={w} className={styles.held}><Warning16Regular aria-hidden /><p><Untrusted text={w} /></p></li>)}</ul>}
      {of.refused.length > 0 && <ul className={styles.tries} aria-label="Refused">{of.refused.map((r) => <li key={r.at} className={styles.bad}><DismissCircle16Regular aria-hidden /><p>Line {number(r.at)}: <Untrusted text={r.why} /></p></li>)}</ul>}
    </>
  );
}
