import { Button, Checkbox, Field, Textarea } from "@fluentui/react-components";
import { useId, useState } from "react";
import { results, type Result } from "../../address/submissions";
import { useMay } from "../../session/queries";
import type { Detail } from "./queries";
import styles from "./Submissions.module.css";
import { resultMeans } from "./words";

/** Says what it is, and what the reporters hear. */
export function CloseForm({ d, busy, onClose, onCancel }: { d: Detail; busy: boolean; onClose: (result: Result, note: string, label: boolean) => void; onCancel: () => void }) {
  const name = useId();
  const [result, setResult] = useState<Result | "">("");
  const [note, setNote] = useState(d.note);
  const learns = useMay("email.label") && d.match === "Exact";
  const [label, setLabel] = useState(learns);
  return (
    <form className={styles.closing} aria-label="Close the submission" onSubmit={(e) => { e.preventDefault(); if (result !== "") onClose(result, note, label && learns); }}>
      <fieldset>
        <legend>What is it?</legend>
        {results.map((r) => (
          <label key={r}><input type="radio" name={name} checked={result === r} onChange={() => setResult(r)} /><span><b>{r}</b><small>{resultMeans[r]}</small></span></label>
        ))}
      </fieldset>
      <Field label="Note to the reporters" hint="Goes where the answer has {{note}}. Leave it empty when the usual words do."><Textarea value={note} maxLength={4000} rows={2} onChange={(_, v) => setNote(v.value)} /></Field>
      {learns && <Checkbox label="The local model learns from it" checked={label} onChange={(_, v) => setLabel(v.checked === true)} />}
      <div className={styles.buttons}><Button type="submit" appearance="primary" disabled={result === "" || busy}>Close it</Button><Button type="button" onClick={onCancel}>Not now</Button></div>
    </form>
  );
}
