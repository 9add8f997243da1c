import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Radio, RadioGroup, Select, Textarea } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Incidents.module.css";
import { useOptions } from "./queries";
import type { Change, Incident } from "./words";

interface Props {
  /** One, or all that are picked. */
  many: readonly Incident[];
  /** What is still to be done in it; it can be closed all the same. */
  left?: readonly string[];
  busy: boolean;
  error: unknown;
  /** What somebody else changed meanwhile. */
  conflict?: ReactNode;
  onGo: (c: Change) => void;
  onClose: () => void;
}

const means: Record<string, string> = {
  "True positive": "It was an attack, or mail that does harm.",
  "Informational, expected activity": "It is what it looked like, and it was meant to be: a test, a known application.",
  "False positive": "It was harmless, and Tocsin or a person took it for something bad.",
};

/** Closes incidents: what it was is asked for here, in one place. */
export function CloseDialog({ many, left = [], busy, error, conflict, onGo, onClose }: Props) {
  const options = useOptions();
  const one = many.length === 1 ? many[0] : undefined;
  const [classification, setClassification] = useState(one && one.classification !== "Not set" ? one.classification : "");
  const [determination, setDetermination] = useState(one && one.determination !== "Not set" ? one.determination : "");
  const [closing, setClosing] = useState(one?.closing ?? "");
  const [asked, setAsked] = useState(false);
  const all = options.data?.classifications ?? [];
  const fits = all.find((c) => c.classification === classification)?.determinations ?? [];
  const chosen = fits.includes(determination) ? determination : "";
  const ready = classification !== "" && chosen !== "";
  const go = () => {
    setAsked(true);
    if (ready && !busy) onGo({ status: "Resolved", classification, determination: chosen, ...(closing.trim() !== "" || one ? { closing: closing.trim() } : {}) });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{one ? `Close ${one.label}` : `Close ${number(many.length)} incidents`}</DialogTitle>
          <DialogContent className={base.form}>
            {left.length > 0 && <div className={base.caution}><Warning16Regular aria-hidden /><div>Not everything is done: <ul>{left.map((l) => <li key={l}>{l}</li>)}</ul></div></div>}
            <Field label="Classification" required {...(asked && classification === "" ? { validationState: "error" as const, validationMessage: "Say whether it was real" } : {})}>
              <RadioGroup value={classification} onChange={(_, d) => setClassification(d.value)}>
                {all.map((c) => <Radio key={c.classification} value={c.classification} label={<span className={styles.choice}><b>{c.classification}</b><small>{means[c.classification]}</small></span>} />)}
              </RadioGroup>
            </Field>
            <Field label="Determination" required {...(asked && chosen === "" && classification !== "" ? { validationState: "error" as const, validationMessage: "Say what it was" } : {})}>
              <Select value={chosen} disabled={classification === ""} onChange={(_, d) => setDetermination(d.value)}>
                <option value="">{classification === "" ? "Choose a classification first" : "What was it?"}</option>
                {fits.map((d) => <option key={d}>{d}</option>)}
              </Select>
            </Field>
            <Field label="Closing words" hint="What happened, what was done, what is left. They go into the report.">
              <Textarea value={closing} rows={4} maxLength={20_000} onChange={(_, d) => setClosing(d.value)} />
            </Field>
            {conflict}
            {error && !conflict ? <ProblemNote error={error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={busy} onClick={go}>{busy ? "Closing" : conflict ? "Close it anyway" : one ? "Close incident" : `Close ${number(many.length)}`}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
