import type { Schemas } from "../../api/client";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { latestOf, reasonOf } from "./reasons";
import styles from "./Email.module.css";
import { Facts } from "./Facts";

/** The verdict in one line and the facts under it. */
export function SummaryPane({ email, onWhy, onRecipients }: { email: Schemas["Email"]; onWhy: () => void; onRecipients: () => void }) {
  const { event: e, verdict: v } = email;
  const now = latestOf(email);
  return (
    <>
      <div className={styles.sum}>
        <VerdictBadge types={v.threat_types.join(", ")} confidence={now.phish_confidence} latest={e.LatestThreatTypes} filled outcome={e.outcome} />
        <p>
          {reasonOf(email) ? <Untrusted text={reasonOf(email)} /> : "Nothing spoke for a threat"}.{" "}
          <button type="button" className={`${styles.inplace} num`} onClick={onWhy}>{now.score} of 100, see why</button>
        </p>
      </div>
      <Facts email={email} onRecipients={onRecipients} />
    </>
  );
}
