import { Fragment, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { size } from "../../components/grid/columns";
import { Star12Filled } from "../../components/icons";
import { placeWord } from "../../components/outcome";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { useValueEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import styles from "./Email.module.css";
import { languageName } from "./reasons";

/** What is known of one email event, each a value that can be pointed at. */
export function Facts({ email, onRecipients }: { email: Schemas["Email"]; onRecipients?: (() => void) | undefined }) {
  const { event: e, verdict: v, recipients } = email;
  const zone = useZone();
  const ip = e.SenderIPv4 ? "SenderIPv4" : "SenderIPv6";
  const received = new Date(e.Timestamp);
  const sent = `${number(recipients.length)} mailbox${recipients.length === 1 ? "" : "es"}`;
  const overrides = [
    e.OrgLevelAction && `${e.OrgLevelAction} by ${e.OrgLevelPolicy || "the organisation"}`,
    e.UserLevelAction && `${e.UserLevelAction} by ${e.UserLevelPolicy || "the mailbox"}`,
  ].filter((s) => s !== "");
  return (
    <dl className={styles.facts}>
      <Fact name="Recipient">
        <Value field="RecipientEmailAddress" value={e.RecipientEmailAddress}><b><Untrusted text={e.RecipientEmailAddress} /></b></Value>
        {e.IsPriorityAccount && <span title="Priority account"> <Star12Filled aria-hidden /><span className="unseen">priority account</span></span>}
      </Fact>
      <Fact name="Sender">
        {e.SenderDisplayName && <div><Value field="SenderDisplayName" value={e.SenderDisplayName}><b><Untrusted text={e.SenderDisplayName} /></b></Value></div>}
        <Single field="SenderFromAddress" value={e.SenderFromAddress} mono />
      </Fact>
      {e.ReplyToAddress && e.ReplyToAddress !== e.SenderFromAddress && <Fact name="Answers go to"><Single field="ReplyToAddress" value={e.ReplyToAddress} mono /></Fact>}
      <Fact name="Return path"><Single field="SenderMailFromAddress" value={e.SenderMailFromAddress} mono none="empty" /></Fact>
      <Fact name="Sender IP"><Single field={ip} value={e[ip]} none="not known" />{e.SenderCountry && <span className={styles.dim}> <Value field="SenderCountry" value={e.SenderCountry} /></span>}</Fact>
      <Fact name="Detection technology"><Many field="DetectionTechnologies" values={v.detection_technologies} /></Fact>
      {v.threat_names.length > 0 && <Fact name="Threat name"><Many field="ThreatNames" values={v.threat_names} />{v.threat_names.map((n) => <ThreatName key={n} name={n} bare />)}</Fact>}
      <Fact name="Original location"><Value field="DeliveryLocation" value={e.DeliveryLocation}>{placeWord(e.DeliveryLocation) || "not known"}</Value></Fact>
      <Fact name="Latest location">
        <Value field="LatestDeliveryLocation" value={e.LatestDeliveryLocation}><b>{placeWord(e.LatestDeliveryLocation) || "not known"}</b></Value>
        {e.LatestDeliveryAction && <span className={styles.dim}> {e.LatestDeliveryAction}</span>}
      </Fact>
      <Fact name="Override">{overrides.length > 0 ? overrides.join("; ") : "None"}</Fact>
      <Fact name="Sent to">{onRecipients && recipients.length > 1 ? <button type="button" className={`${styles.inplace} num`} onClick={onRecipients}>{sent}</button> : <span className="num">{sent}</span>}</Fact>
      <Fact name="Received"><time className="num" dateTime={e.Timestamp} title={both(received)}>{full(received, zone)}</time>{e.Connectors && <span className={styles.dim}> by <Value field="Connectors" value={e.Connectors} /></span>}</Fact>
      <Fact name="Network message id"><Single field="NetworkMessageId" value={e.NetworkMessageId} mono /></Fact>
      <Fact name="Internet message id"><Single field="InternetMessageId" value={e.InternetMessageId} mono none="none" /></Fact>
      <Fact name="Cluster">{e.EmailClusterId === "" || e.EmailClusterId === "0" ? "none" : <Single field="EmailClusterId" value={e.EmailClusterId} />}</Fact>
      <Fact name="Language, size">{[languageName(e.EmailLanguage), size(e.EmailSize)].filter((s) => s !== "").join(", ")}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

function Single({ field, value, mono, none }: { field: string; value: string; mono?: boolean; none?: string }) {
  const evidence = useValueEvidence();
  if (value === "") return <span className={styles.dim}>{none ?? "none"}</span>;
  return <Value field={field} value={value} {...(mono ? { className: "mono" } : {})}><Untrusted text={evidence(field, value)} spelling /></Value>;
}

function Many({ field, values }: { field: string; values: readonly string[] }) {
  if (values.length === 0) return <span className={styles.dim}>none</span>;
  // The comma stays with the value before it.
  return values.map((v, i) => <Fragment key={v}><span className={styles.item}><Value field={field} value={v} />{i < values.length - 1 && ","}</span> </Fragment>);
}
