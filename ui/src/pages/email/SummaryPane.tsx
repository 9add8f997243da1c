import type { Schemas } from "../../api/client";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import styles from "./Email.module.css";
import { Facts } from "./Facts";

/** The verdict in one line and the facts under it. */
export function SummaryPane({ email, onWhy, onRecipients }: { email: Schemas["Email"]; onWhy: () => void; onRecipients: () => void }) {
  const { event: e, verdict: v } = email;
  return (
    <>
      <div className={styles.sum}>
        <VerdictBadge types={v.threat_types.join(", ")} confidence={v.phish_confidence} filled outcome={e.outcome} />
        <p>
          {e.FirstSignal && v.signals.some((s) => s.weight > 0) ? <Untrusted text={e.FirstSignal} /> : "Nothing spoke for a threat"}.{" "}
          <button type="button" className={`${styles.inplace} num`} onClick={onWhy}>{v.score} of 100, see why</button>
        </p>
      </div>
      <Facts email={email} onRecipients={onRecipients} />
    </>
  );
}
