import { Button, Field, Select, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { CheckmarkCircle16Regular, ErrorCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Outcomes } from "./Outcomes";
import type { RuleTried } from "./queries";
import styles from "./Rules.module.css";

export interface Tested { text: string; tried: RuleTried }

interface Props {
  id: string;
  text: string;
  tested: Tested | undefined;
  busy: boolean;
  error: unknown;
  onTest: (messages: Schemas["RuleMessage"][]) => void;
  onGoTo: (line: number, column: number) => void;
}

const proofs = { unknown: undefined, pass: { spf: "pass", dkim: "pass", dmarc: "pass" }, fail: { spf: "fail", dkim: "fail", dmarc: "fail" } } as const;

/** Samples of the rule as it is written now, and any message that is put in. */
export function TestPane({ id, text, tested, busy, error, onTest, onGoTo }: Props) {
  const [message, setMessage] = useState("");
  const [auth, setAuth] = useState<keyof typeof proofs>("unknown");
  const t = tested?.tried;
  const stale = tested !== undefined && tested.text !== text;
  const failed = t?.samples.filter((s) => s.problem !== "").length ?? 0;
  const run = () => onTest(message.trim() === "" ? [] : [{ message: message.trimStart(), ...(proofs[auth] ? { auth: proofs[auth] } : {}) }]);
  return (
    <div className={styles.pane}>
      {error ? <ProblemNote error={error} /> : null}
      {!t ? (
        !error && <EmptyState small title={busy ? "Testing" : "Not tested yet"} why="Test judges the samples of the text with all rules and detectors, as if it were saved, and says which do not end as they must." />
      ) : (
        <>
          <p className={styles.verdict} role="status">
            {t.problems.length > 0 ? <><ErrorCircle16Regular aria-hidden className={styles.badicon} /><b>Does not compile.</b> Correct {t.problems.length === 1 ? "the error" : `the ${t.problems.length} errors`}, then test again.</>
              : t.samples.length === 0 ? <><Warning16Regular aria-hidden className={styles.oddicon} /><b>No samples.</b> Write messages on which it must and must not match.</>
              : failed > 0 ? <><ErrorCircle16Regular aria-hidden className={styles.badicon} /><b>{failed} of {t.samples.length} samples fail.</b></>
              : <><CheckmarkCircle16Regular aria-hidden className={styles.goodicon} /><b>All {t.samples.length} samples pass.</b></>}
            {stale && <span className={styles.quiet}> The text has changed since.</span>}
          </p>
          {t.problems.length > 0 && <ul className={styles.bullets}>{t.problems.map((p, i) => <li key={i}>{p.line > 0 ? <button type="button" className="textbutton" onClick={() => onGoTo(p.line, p.column)}>Line {p.line}</button> : null} {p.message}</li>)}</ul>}
          {t.messages.length > 0 && <><h2>Your message</h2><Outcomes label="Your message" results={t.messages.map((m) => ({ ...m, name: "Message" }))} rule={id} /></>}
          {t.samples.length > 0 && <><h2>Samples</h2><Outcomes key={tested.text} label="Samples" results={t.samples} rule={id} /></>}
          {t.warnings.length > 0 && <><h2>To think about</h2><ul className={styles.bullets} aria-label="Warnings">{t.warnings.map((p, i) => <li key={i}>{p.line > 0 ? <button type="button" className="textbutton" onClick={() => onGoTo(p.line, p.column)}>Line {p.line}</button> : null} {p.message}</li>)}</ul></>}
        </>
      )}
      <section className={styles.try} aria-label="Try a message">
        <Field label="Try it on a message" hint="The whole message with its headers. It is judged and not kept."><Textarea value={message} rows={4} resize="vertical" spellCheck={false} className="mono" onChange={(_, d) => setMessage(d.value)} placeholder={"From: Parcel desk <desk@parcels.example>\nTo: maren@northwind.example\nSubject: …"} /></Field>
        <div className={styles.row}>
          <Select size="small" aria-label="What was checked about the sender" value={auth} onChange={(_, d) => setAuth(d.value as keyof typeof proofs)}><option value="unknown">Sender not checked</option><option value="pass">SPF, DKIM, DMARC pass</option><option value="fail">SPF, DKIM, DMARC fail</option></Select>
          <Button size="small" disabled={message.trim() === "" || busy} onClick={run}>Try</Button>
        </div>
      </section>
    </div>
  );
}
