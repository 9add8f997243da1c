import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { SignalList } from "../../components/SignalList";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { ActionWord, AuthMark, VerdictBadge } from "../../components/Verdict";
import { size } from "../../components/grid/columns";
import { evidence } from "../../text/defang";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import styles from "./Email.module.css";
import { useEmail } from "./queries";

type Email = Schemas["Email"];

/** What a message is, what it was judged to be and why, and what was done. */
export function EmailSummary({ id, recipient }: { id: string; recipient: string }) {
  const email = useEmail(id, recipient);
  if (email.error) return <div className={styles.pad}><ProblemNote error={email.error} onRetry={() => void email.refetch()} /></div>;
  if (!email.data) {
    return <Skeleton className={styles.pad} aria-label="Reading the message">{[24, 16, 16, 120, 120].map((h, i) => <SkeletonItem key={i} style={{ height: h, marginBottom: 12 }} />)}</Skeleton>;
  }
  return <Sheet email={email.data} />;
}

function Sheet({ email }: { email: Email }) {
  const { event: e, verdict, auth } = email;
  const zone = useZone();
  const dkim = auth.dkim.find((d) => d.result === "pass") ?? auth.dkim[0];
  return (
    <article className={styles.pad}>
      <header className={styles.head}>
        <h2>{e.Subject === "" ? <i>(no subject)</i> : <Untrusted text={e.Subject} />}</h2>
        <p>From {e.SenderDisplayName && <b><Untrusted text={e.SenderDisplayName} /></b>} <Value field="SenderFromAddress" value={e.SenderFromAddress} className="mono"><Untrusted text={evidence("SenderFromAddress", e.SenderFromAddress)} spelling /></Value></p>
        <p>
          To <Value field="RecipientEmailAddress" value={e.RecipientEmailAddress}><b><Untrusted text={e.RecipientEmailAddress} /></b></Value>
          {e.IsPriorityAccount && <> <Star12Filled aria-hidden /> priority account</>} · <time className="num" dateTime={e.Timestamp} title={both(new Date(e.Timestamp))}>{full(new Date(e.Timestamp), zone)}</time>
        </p>
        <div className={styles.badges}><ActionWord outcome={e.outcome} badge place={e.LatestDeliveryLocation} /></div>
      </header>
      <SignalList signals={verdict.signals} score={verdict.score} thresholds={verdict.thresholds} badge={<VerdictBadge types={verdict.threat_types.join(", ")} confidence={verdict.phish_confidence} filled outcome={e.outcome} />} />
      <section>
        <h2>Authentication</h2>
        <div className={styles.auth}>
          <AuthMark name="SPF" result={auth.spf.result} note={auth.spf.domain || auth.spf.detail} />
          <AuthMark name="DKIM" result={dkim?.result ?? ""} note={dkim ? `d=${dkim.domain}` : "not signed"} />
          <AuthMark name="DMARC" result={auth.dmarc.result} note={auth.aligned ? `aligned by ${auth.aligned_by}` : auth.dmarc.detail || "not aligned"} />
          <AuthMark name="ARC" result={auth.arc.result} note={auth.arc.detail || "not forwarded"} />
        </div>
      </section>
      <section>
        <h2>Which policy decided</h2>
        <p>{email.policy.policy || "No policy"}: <b>{email.policy.email_action || email.policy.action}</b>, to {email.policy.location || "no known place"}</p>
      </section>
      <section>
        <h2>Facts</h2>
        <dl className={styles.facts}>
          <Fact name="Return path" field="SenderMailFromAddress" value={e.SenderMailFromAddress} />
          <Fact name="Sender IP" field={e.SenderIPv4 ? "SenderIPv4" : "SenderIPv6"} value={e.SenderIPv4 || e.SenderIPv6} />
          <Fact name="Detection technologies" field="DetectionTechnologies" value={e.DetectionTechnologies} />
          <Fact name="Internet message id" field="InternetMessageId" value={e.InternetMessageId} />
          <Fact name="Network message id" field="NetworkMessageId" value={e.NetworkMessageId} />
          <Fact name="Cluster" field="EmailClusterId" value={e.EmailClusterId} />
          <div><dt>Size, attachments, URLs</dt><dd className="num">{size(e.EmailSize)}, {e.AttachmentCount}, {e.UrlCount}</dd></div>
        </dl>
      </section>
      {email.defects.length > 0 && (
        <section>
          <h2>What was broken in it</h2>
          <ul>{email.defects.map((d, i) => <li key={i}><Untrusted text={d.text} /> <span className="mono">{d.where}</span></li>)}</ul>
        </section>
      )}
    </article>
  );
}

function Fact({ name, field, value }: { name: string; field: string; value: string }) {
  return <div><dt>{name}</dt><dd>{value === "" ? "none" : <Value field={field} value={value}><Untrusted text={evidence(field, value)} spelling /></Value>}</dd></div>;
}
