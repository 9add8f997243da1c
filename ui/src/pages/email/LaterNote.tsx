import type { Schemas } from "../../api/client";
import { ArrowSync16Regular, Warning16Filled } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import styles from "./Email.module.css";
import { laterOf } from "./later";

/** Over a message that was judged again after delivery: what it came to, what was decided, and whether that was done. */
export function LaterNote({ email, onTimeline }: { email: Schemas["Email"]; onTimeline?: () => void }) {
  const zone = useZone();
  const evidence = useEvidence();
  const later = laterOf(email);
  if (!later) return null;
  const a = email.again;
  const at = a && new Date(a.at);
  return (
    <div className={`${styles.later} ${later.worse ? styles.worse : ""}`} role="note" aria-label="Judged again">
      {later.worse ? <Warning16Filled aria-hidden /> : <ArrowSync16Regular aria-hidden />}
      <div>
        <b>{later.title}.</b> {later.text}
        {a?.reason && <> Why: <Untrusted text={evidence(a.reason)} />.</>}
        {at && <> <span className={`${styles.dim} num`}><time dateTime={a.at} title={both(at)}>{full(at, zone)}</time></span></>}
        {onTimeline && <> <button type="button" className={styles.inplace} onClick={onTimeline}>Timeline</button></>}
      </div>
    </div>
  );
}
