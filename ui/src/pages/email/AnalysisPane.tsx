import { useState } from "react";
import type { Schemas } from "../../api/client";
import { Segments } from "../../components/Segments";
import { SignalList } from "../../components/SignalList";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { AuthMarks } from "./AuthMarks";
import styles from "./Email.module.css";
import { PolicyLines } from "./PolicyLines";
import { againLines, policyLines } from "./reasons";

/** Why a message was judged as it was: signals by weight, who really sent it, which policy decided, and what was broken in it. */
export function AnalysisPane({ email, badge, onHeaders }: { email: Schemas["Email"]; badge?: boolean; onHeaders: () => void }) {
  const { event: e, again } = email;
  const [when, setWhen] = useState<"now" | "then">("now");
  const two = again !== undefined && (again.came.length + again.gone.length > 0 || again.verdict.score !== email.verdict.score);
  const v = two && when === "now" ? again.verdict : email.verdict;
  const kinds = Object.entries(v.scores).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  return (
    <div className={styles.analysis}>
      <div className={styles.block}>
        {two && (
          <div className={styles.title}>
            <Segments label="Which judgement" options={[["now", "Latest judgement"], ["then", "At delivery"]] as const} value={when} onChange={setWhen} />
            <span className="num">{when === "now" ? `score ${again.verdict.score}, at delivery ${email.verdict.score}` : "what was known when it came"}</span>
          </div>
        )}
        <SignalList signals={v.signals} score={v.score} thresholds={v.thresholds} badge={badge && <VerdictBadge types={v.threat_types.join(", ")} confidence={v.phish_confidence} filled outcome={e.outcome} />} />
        {two && when === "now" && <Came again={again} />}
        {v.signals.length === 0 && v.score > 0 && <p className={styles.dim}>The signals of this verdict were not stored with it.</p>}
        {kinds.length > 1 && <p className={`${styles.dim} num`}>By kind of threat: {kinds.map(([k, n]) => `${k} ${n}`).join(", ")}. The heaviest kind is the score.</p>}
      </div>
      <div className={styles.side}>
        <section className={styles.block}>
          <div className={styles.title}><h2>Authentication</h2><button type="button" className="textbutton" onClick={onHeaders}>Headers</button></div>
          <AuthMarks auth={email.auth} domain={e.SenderFromDomain} />
        </section>
        {again && (
          <section className={styles.block}>
            <h2>Which policy decides now</h2>
            <PolicyLines lines={againLines(email)} />
          </section>
        )}
        <section className={styles.block}>
          <h2>Which policy decided{again ? " at delivery" : ""}</h2>
          <PolicyLines lines={policyLines(email)} />
        </section>
        {email.defects.length > 0 && (
          <section className={styles.block}>
            <div className={styles.title}><h2>What was broken in it</h2><span className="num">{email.defects.length}</span></div>
            <ul className={styles.defects}>
              {email.defects.map((d, i) => <li key={i}>{d.text || d.id}{d.where && <> <span className="mono"><Untrusted text={d.where} /></span></>}</li>)}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}

/** What is known now and was not at delivery, and the other way round. */
function Came({ again }: { again: NonNullable<Schemas["Email"]["again"]> }) {
  if (again.came.length + again.gone.length === 0) return null;
  return (
    <section className={styles.came}>
      <div className={styles.title}><h2>What is different from delivery</h2></div>
      <ul className={styles.defects}>
        {again.came.map((s) => <li key={`+${s.threat}${s.id}`}>New: <Untrusted text={s.claim} /></li>)}
        {again.gone.map((s) => <li key={`-${s.threat}${s.id}`}>Gone: <Untrusted text={s.claim} /></li>)}
      </ul>
    </section>
  );
}
