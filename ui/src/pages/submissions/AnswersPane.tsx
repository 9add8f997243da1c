import { Button, Checkbox, Field, Input, Skeleton, SkeletonItem, Textarea } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { results } from "../../address/submissions";
import { ProblemNote } from "../../components/Problem";
import { useMay } from "../../session/queries";
import { useZone } from "../../time/Clock";
import { full } from "../../time/zone";
import { useAnswers, useSaveAnswers, type Answers } from "./queries";
import styles from "./Submissions.module.css";

/** What reporters hear, in the organisation's words. */
export function AnswersPane() {
  const answers = useAnswers();
  if (answers.error) return <ProblemNote error={answers.error} onRetry={() => void answers.refetch()} />;
  if (!answers.data) return <Skeleton aria-label="Reading the answers"><SkeletonItem style={{ height: 240 }} /></Skeleton>;
  return <Form key={answers.data.revision} have={answers.data} />;
}

function Form({ have }: { have: Answers }) {
  const zone = useZone();
  const may = useMay("policy.edit");
  const save = useSaveAnswers();
  const [a, setA] = useState(have);
  const [out, setOut] = useState(have.opt_out.join("\n"));
  useEffect(() => setA(have), [have]);
  const changed = JSON.stringify({ ...a, opt_out: [] }) !== JSON.stringify({ ...have, opt_out: [] }) || out !== have.opt_out.join("\n");
  const submit = () => {
    const { placeholders: _, at: __, by: ___, address: ____, folders: _____, ...rest } = a;
    save.mutate({ ...rest, opt_out: out.split(/[\s,;]+/).filter((x) => x !== "") });
  };
  return (
    <form className={styles.answers} aria-label="Answers to reporters" onSubmit={(e) => { e.preventDefault(); submit(); }}>
      <section className={`card ${styles.tile}`} aria-labelledby="answers-title">
        <h2 id="answers-title">Answers to reporters</h2>
        <p className={styles.faded}>Whoever reported a message hears of its result when a submission is closed, if it is proven that they sent the report. Links and addresses of the message go in so that nobody can click on them.</p>
        <Checkbox label="Reporters hear of results" checked={a.answer} disabled={!may} onChange={(_, v) => setA({ ...a, answer: v.checked === true })} />
        <Field label="Subject"><Input value={a.subject} maxLength={300} readOnly={!may} onChange={(_, v) => setA({ ...a, subject: v.value })} /></Field>
        {results.map((r) => (
          <Field key={r} label={`When it is: ${r}`} hint={(a.texts[r] ?? "").trim() === "" ? "No answer is sent." : ""}>
            <Textarea value={a.texts[r] ?? ""} maxLength={8000} readOnly={!may} rows={(a.texts[r] ?? "") === "" ? 1 : 7} onChange={(_, v) => setA({ ...a, texts: { ...a.texts, [r]: v.value } })} />
          </Field>
        ))}
        <Field label="Below every answer"><Textarea value={a.sign_off} maxLength={8000} rows={2} readOnly={!may} onChange={(_, v) => setA({ ...a, sign_off: v.value })} /></Field>
        <Field label="Who wants no answers" hint="One address a line"><Textarea value={out} rows={3} readOnly={!may} onChange={(_, v) => setOut(v.value)} /></Field>
        {save.error ? <ProblemNote error={save.error} /> : null}
        <div className={styles.buttons}>
          {may && <Button type="submit" appearance="primary" disabled={!changed || save.isPending}>Save</Button>}
          <span className={styles.faded} role="status">{have.revision === 0 ? "These are the words Tocsin came with." : `Changed ${have.at ? full(new Date(have.at), zone) : ""} by ${have.by}.`}{!may && " Changing them needs the permission policy.edit."}</span>
        </div>
      </section>
      <aside className={`card ${styles.tile}`} aria-labelledby="placeholders-title">
        <h2 id="placeholders-title">Placeholders</h2>
        <dl className={styles.holders}>{(have.placeholders ?? []).map((p) => <div key={p.name}><dt className="mono">{p.name}</dt><dd>{p.means}</dd></div>)}</dl>
        <h2>Ways in</h2>
        <dl className={styles.facts}>
          <dt>Address</dt><dd>{have.address ? <b>{have.address}</b> : "none"}</dd>
          <dt>Folders</dt><dd>{(have.folders ?? []).length > 0 ? <b>{have.folders!.join(", ")}</b> : "none"}</dd>
        </dl>
        <p className={styles.faded}>They stand in the settings file, under submissions.</p>
      </aside>
    </form>
  );
}
