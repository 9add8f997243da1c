import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { QuarantineState } from "../../address/quarantine";
import { Flyout } from "../../components/Flyout";
import { ArrowDownload16Regular, Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { TabBar } from "../../components/TabBar";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { VerdictBadge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { useEvidence, useValueEvidence } from "../../text/useEvidence";
import { useClock, useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { DownloadDialog } from "../email/DownloadDialog";
import { PreviewPane } from "../email/PreviewPane";
import { useEmail } from "../email/queries";
import styles from "./Quarantine.module.css";
import type { Entry } from "./queries";
import { Cause, leftOf, plural, StateWord } from "./words";

interface Props {
  entry: Entry;
  pane: QuarantineState["pane"];
  onPane: (p: QuarantineState["pane"]) => void;
  position: string;
  onPrev: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onClose: () => void;
  onRelease: () => void;
  onDelete: () => void;
  onRefuse: () => void;
}

/** One entry: why it is held, who asks for it, what is in it, and what can be done. */
export function EntryFlyout({ entry: e, pane, onPane, onRelease, onDelete, onRefuse, ...flyout }: Props) {
  const email = useEmail(e.network_message_id, e.recipient);
  const evidence = useValueEvidence();
  const act = useMay("email.remove");
  const [download, setDownload] = useState(false);
  const [show, setShow] = useState("");
  const held = e.state === "held" || e.state === "asked";
  const fresh = email.data && !email.isPlaceholderData ? email.data : undefined;
  return (
    <Flyout label="Entry of the quarantine" {...flyout} action={<Link className={styles.page1} to="/email/$id" params={{ id: e.network_message_id }} search={{ recipient: e.recipient } as never}>Open message</Link>}>
      <header className={styles.flyhead}>
        <h2>{e.subject === "" ? <i>(no subject)</i> : <Untrusted text={e.subject} />}</h2>
        <p>From {e.sender_name && <b><Untrusted text={e.sender_name} /> </b>}<Value field="SenderFromAddress" value={e.sender} className="mono"><Untrusted text={evidence("SenderFromAddress", e.sender)} spelling /></Value></p>
        <p>To <Value field="RecipientEmailAddress" value={e.recipient}><b><Untrusted text={e.recipient} /></b></Value>{e.priority && <> <Star12Filled aria-hidden /> priority account</>}</p>
        <div className={styles.flyrow}>
          <StateWord entry={e} />
          <VerdictBadge types={e.threats} confidence={e.phish_confidence} />
        </div>
        {held && act && (
          <div className={styles.flyrow}>
            <Button appearance={e.state === "asked" ? "primary" : "secondary"} onClick={onRelease}>Release</Button>
            {e.state === "asked" && <Button onClick={onRefuse}>Refuse</Button>}
            <Button onClick={onDelete}>Delete</Button>
            <Button icon={<ArrowDownload16Regular />} disabledFocusable={!fresh?.can.download} title={fresh && !fresh.can.download ? fresh.can.why : undefined} onClick={() => fresh?.can.download && setDownload(true)}>Download</Button>
          </div>
        )}
      </header>
      <div className={styles.flytabs}><TabBar id="entry" label="Parts of the entry" tabs={[{ key: "", label: "Summary" }, { key: "preview", label: "Preview" }]} value={pane} onChange={onPane} /></div>
      <div role="tabpanel" id="entry-panel" aria-labelledby={`entry-${pane}`} className={styles.pane}>
        {pane === "" ? <Facts entry={e} /> : email.error ? <ProblemNote error={email.error} onRetry={() => void email.refetch()} /> : fresh && <PreviewPane id={e.network_message_id} recipient={e.recipient} email={fresh} show={show} onShow={setShow} />}
      </div>
      {download && <DownloadDialog id={e.network_message_id} recipient={e.recipient} onClose={() => setDownload(false)} />}
    </Flyout>
  );
}

function Facts({ entry: e }: { entry: Entry }) {
  const zone = useZone();
  const { now } = useClock();
  const evidence = useEvidence();
  const time = (s: string) => <time className="num" dateTime={s} title={both(new Date(s))}>{full(new Date(s), zone)}</time>;
  const left = e.expires ? leftOf(e.expires, now) : undefined;
  return (
    <>
      {e.request && (
        <section className={styles.request} aria-label="Request for release">
          <h3>{e.request.state === "Release asked" ? "Its recipient asks for it" : `Its recipient asked for it: ${e.request.state.toLowerCase()}`}</h3>
          <p>{time(e.request.asked)}{e.request.note ? <>, and says: <q><Untrusted text={evidence(e.request.note)} /></q></> : ", without a word"}</p>
          {e.request.answered && <p>{e.request.state === "Refused" ? <>Refused by <Untrusted text={e.request.by} />, {time(e.request.answered)}: <q><Untrusted text={e.request.reason} /></q></> : <>Answered {time(e.request.answered)}</>}{e.request.told ? "; the person was told" : "; the answer is on its way"}</p>}
        </section>
      )}
      <h3>Why it is here</h3>
      <dl className={styles.facts}>
        <dt>Held by</dt><dd><Cause entry={e} /></dd>
        {e.override && e.policy && <><dt>Policy</dt><dd><Untrusted text={e.policy} /></dd></>}
        {e.reason && <><dt>Because</dt><dd><Untrusted text={evidence(e.reason)} /></dd></>}
        {e.first_signal && <><dt>Signal</dt><dd><Untrusted text={evidence(e.first_signal)} /><ThreatName name={e.first_signal} bare /></dd></>}
      </dl>
      <h3>When</h3>
      <dl className={styles.facts}>
        <dt>Received</dt><dd>{time(e.received)}</dd>
        <dt>Held since</dt><dd>{time(e.since)}</dd>
        {e.expires && left && <><dt>Expires</dt><dd>{time(e.expires)} <span className={left.soon ? styles.soon : styles.faded}>in {left.text}</span></dd></>}
        {!e.expires && <><dt>Is now</dt><dd>{e.location === "Removed" ? "in no folder" : e.location}{e.latest_action && <span className={styles.faded}> after: {e.latest_action}</span>}</dd></>}
      </dl>
      <h3>What it has</h3>
      <p className={styles.faded}>{number(e.attachments)} {plural(e.attachments, "attachment")}, {number(e.urls)} {plural(e.urls, "URL")}, {number(Math.ceil(e.size / 1024))} KB</p>
    </>
  );
}
