import { Button, Spinner } from "@fluentui/react-components";
import { useState } from "react";
import { CheckmarkCircle16Regular, ErrorCircle16Regular, QuestionCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import styles from "./Audit.module.css";
import { useCheckNow, useLogState } from "./queries";
import { stateWords } from "./words";

/** Whether the log is as it was written, when that was checked, and what is wrong. */
export function StateLine({ onShow }: { onShow: (seq: number) => void }) {
  const zone = useZone();
  const state = useLogState();
  const check = useCheckNow();
  const [more, setMore] = useState(false);
  const s = state.data;
  if (state.error) return <ProblemNote error={state.error} onRetry={() => void state.refetch()} quiet />;
  if (!s) return <div className={styles.state} aria-hidden />;
  const { tone, text } = stateWords(s, number);
  const Icon = tone === "good" ? CheckmarkCircle16Regular : tone === "bad" ? ErrorCircle16Regular : QuestionCircle16Regular;
  const time = (at: string) => <time className="num" dateTime={at} title={both(new Date(at))}>{full(new Date(at), zone)}</time>;
  return (
    <section className={`card ${styles.state}`} data-tone={tone} aria-label="State of the log">
      <div className={styles.stateline} role="status">
        <Icon aria-hidden />
        <b className="num">{text}</b>
        {s.checked && <span>at {time(s.checked)}</span>}
        <span className={styles.push} />
        <button type="button" className="textbutton" aria-expanded={more} onClick={() => setMore(!more)}>{more ? "Less" : "What it rests on"}</button>
        <Button size="small" disabledFocusable={check.isPending} icon={check.isPending ? <Spinner size="extra-tiny" /> : undefined} onClick={() => !check.isPending && check.mutate()}>{check.isPending ? "Checking" : "Check now"}</Button>
      </div>
      {check.error ? <ProblemNote error={check.error} quiet /> : null}
      {s.problems.length > 0 && (
        <ul className={styles.problems}>
          {s.problems.map((p, i) => (
            <li key={i}>
              <Untrusted text={p.text} />
              {p.seq > 0 && p.kind !== "removed" && <> <button type="button" className="textbutton" onClick={() => onShow(p.seq)}>Show</button></>}
            </li>
          ))}
          {s.wrong > s.problems.length && <li>and {number(s.wrong - s.problems.length)} more</li>}
        </ul>
      )}
      {s.state === "damaged" && <p className={styles.hint}>Do not restart or clean up yet: copy the data folder as it is, and compare with checkpoints kept elsewhere (<code className="mono">tocsin audit verify</code>).</p>}
      {s.notes.map((n) => <p key={n} className={styles.hint}><Untrusted text={`Checkpoints cannot be written: ${n}`} /></p>)}
      {more && (
        <dl className={styles.facts}>
          <dt>Checked</dt><dd className="num">{s.from && s.to ? <>{number(s.records)} record{s.records === 1 ? "" : "s"}, {number(s.first)} to {number(s.verified)}, from {time(s.from)} to {time(s.to)}</> : "nothing yet"}</dd>
          <dt>Checkpoints</dt><dd className="num">{number(s.holding)} of {number(s.checkpoints)} hold{s.checkpoint && <>; the newest is {number(s.checkpoint.number)} of {time(s.checkpoint.at)}, up to record {number(s.checkpoint.seq)}</>}</dd>
          <dt>Key</dt><dd><span className="mono">{s.key}</span> <a href="/api/v1/audit/key" download="audit-key.pub">Download the public key</a></dd>
          <dt>Kept</dt><dd>{s.kept_days > 0 ? `${number(s.kept_days)} days` : "for ever"}{s.anchor > 0 && `; records up to ${number(s.anchor)} were removed behind a signed anchor`}</dd>
          <dt>Proof</dt><dd>Each record holds the hash of the one before; signed checkpoints lie in the data folder, and where audit.checkpoints says. Keep a copy of them and of the key on another machine.</dd>
        </dl>
      )}
    </section>
  );
}
