import { useState } from "react";
import { CheckmarkCircle16Regular, ChevronDown16Regular, ChevronRight16Regular, ErrorCircle16Regular, SubtractCircle16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import type { RuleSampleResult } from "./queries";
import styles from "./Rules.module.css";

/** What a rule and the whole judge said about samples, or about messages that were tried. */
export function Outcomes({ label, results, rule }: { label: string; results: readonly RuleSampleResult[]; rule: string }) {
  return (
    <ul className={styles.outcomes} aria-label={label}>
      {results.map((r, i) => <Outcome key={`${r.name} ${i}`} r={r} rule={rule} />)}
    </ul>
  );
}

/** A result in one word: what it had to do and whether it did. */
function word(r: RuleSampleResult): { text: string; good: boolean | undefined } {
  if (r.problem !== "") return { text: "Fails", good: false };
  if (r.want === null) return { text: r.matched ? "Matches" : "Does not match", good: undefined };
  return { text: "Passes", good: true };
}

function Outcome({ r, rule }: { r: RuleSampleResult; rule: string }) {
  const [open, setOpen] = useState(r.problem !== "");
  const evidence = useEvidence();
  const w = word(r);
  const expected = r.want === null ? "" : r.want ? "must match" : "must not match";
  return (
    <li className={styles.outcome}>
      <button type="button" className={styles.outcomehead} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />}
        <b className={`${styles.state} ${w.good === undefined ? "" : w.good ? styles.on : styles.wrong}`}>{w.good === undefined ? (r.matched ? <CheckmarkCircle16Regular aria-hidden /> : <SubtractCircle16Regular aria-hidden />) : w.good ? <CheckmarkCircle16Regular aria-hidden /> : <ErrorCircle16Regular aria-hidden />}{w.text}</b>
        <span className={styles.grow}>{r.name}{expected && <span className={styles.quiet}> · {expected}</span>}{r.why && <span className={styles.quiet}> · {r.why}</span>}</span>
        <VerdictBadge types={r.threat_types.join(", ")} confidence={r.phish_confidence} />
        <span className={`${styles.quiet} num`}>{number(r.score)}</span>
      </button>
      {open && (
        <div className={styles.outcomebody}>
          {r.problem !== "" && <p className={styles.bad}><Untrusted text={r.problem} /></p>}
          {r.evidence !== "" && <p><span className={styles.quiet}>It saw </span><Untrusted text={evidence(r.evidence)} /></p>}
          {r.signals.length === 0 ? <p className={styles.quiet}>No signal spoke.</p> : (
            <ul className={styles.signals} aria-label="Signals">
              {[...r.signals].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).map((s) => (
                <li key={s.id} data-own={s.id === rule}>
                  <b className="num">{s.weight > 0 ? `+${s.weight}` : s.weight < 0 ? `−${-s.weight}` : "0"}</b>
                  <span><Untrusted text={s.claim} /> <small className={styles.quiet}>{s.id === rule ? "this rule" : s.id}{s.threat && ` · ${s.threat}`}</small></span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </li>
  );
}
