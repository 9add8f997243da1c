import { Button } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { Eye20Regular, Star12Filled } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { ActionWord } from "../../components/Verdict";
import { useValueEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import { AddButton } from "../incidents/AddButton";
import { InCampaigns } from "../campaigns/InCampaigns";
import { InIncidents } from "../incidents/InIncidents";
import { TakeAction } from "../actions/TakeAction";
import { ReportedBadge } from "../submissions/ReportedBadge";
import styles from "./Email.module.css";

/** Subject, sender, recipient and place of the message, over every tab of the flyout. */
export function FlyoutHead({ email, onPreview }: { email: Schemas["Email"]; onPreview: () => void }) {
  const { event: e, can } = email;
  const zone = useZone();
  const evidence = useValueEvidence();
  const t = new Date(e.Timestamp);
  return (
    <header className={styles.flyhead}>
      <h2>{e.Subject === "" ? <i>(no subject)</i> : <Untrusted text={e.Subject} />}</h2>
      <p>From {e.SenderDisplayName && <b><Untrusted text={e.SenderDisplayName} /></b>} <Value field="SenderFromAddress" value={e.SenderFromAddress} className="mono"><Untrusted text={evidence("SenderFromAddress", e.SenderFromAddress)} spelling /></Value></p>
      <p>
        To <Value field="RecipientEmailAddress" value={e.RecipientEmailAddress}><b><Untrusted text={e.RecipientEmailAddress} /></b></Value>
        {e.IsPriorityAccount && <> <Star12Filled aria-hidden /> priority account</>} · <time className="num" dateTime={e.Timestamp} title={both(t)}>{full(t, zone)}</time>
      </p>
      <div className={styles.flyrow}>
        <span className={styles.buttons}>
          <Button icon={<Eye20Regular />} disabledFocusable={!can.preview} title={can.preview ? undefined : can.why} onClick={() => can.preview && onPreview()}>Look inside</Button>
          <AddButton email={email} />
          <TakeAction scope={() => ({ what: "picked", picks: [{ id: e.NetworkMessageId, recipient: e.RecipientEmailAddress }] })} rows={[e]} />
        </span>
        <ActionWord outcome={e.outcome} badge place={e.LatestDeliveryLocation} />
        <ReportedBadge message={e.NetworkMessageId} />
      </div>
      <InCampaigns id={e.NetworkMessageId} />
      <InIncidents id={e.NetworkMessageId} />
    </header>
  );
}
