import { Link } from "@tanstack/react-router";
import type { AuditState } from "../../address/audit";
import { longestQuery } from "../../address/hunting";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { DetailFlyout } from "../../components/DetailFlyout";
import type { Steps } from "../../components/Flyout";
import { ArrowRight16Regular, CheckmarkCircle16Regular, ErrorCircle16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { diff, hunks } from "../rules/diff";
import styles from "./Audit.module.css";
import { useRecord, type AuditRecord } from "./queries";
import { Subject } from "./Subject";
import { changesOf, viaWords, type Change } from "./words";

interface Props extends Steps {
  seq: number;
  onPick: (c: Partial<AuditState>) => void;
}

/** One record with everything that was written down. */
export function AuditFlyout({ seq, onPick, ...steps }: Props) {
  const record = useRecord(seq);
  return <DetailFlyout what="record" detail={record} label={() => `Record ${seq}`} {...steps}>{(r) => <Body record={r} onPick={onPick} />}</DetailFlyout>;
}

function Body({ record: r, onPick }: { record: AuditRecord; onPick: Props["onPick"] }) {
  const zone = useZone();
  const evidence = useEvidence();
  const changes = changesOf(r.detail);
  const detail = changes ? "" : JSON.stringify(r.detail, null, 2);
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}>{capital(r.action)}</h2>
      <p className={r.fits ? styles.fits : styles.broken}>{r.fits ? <><CheckmarkCircle16Regular aria-hidden />Record {number(r.seq)} fits its hash</> : <><ErrorCircle16Regular aria-hidden />Record {number(r.seq)} does not fit its hash: it was changed after it was written</>}</p>
      <dl className={styles.facts}>
        <dt>When</dt><dd className="num"><time dateTime={r.at} title={both(new Date(r.at))}>{full(new Date(r.at), zone)}</time></dd>
        <dt>Who</dt><dd>{r.operator ? <><Untrusted text={r.operator} /> <button type="button" className="textbutton" onClick={() => onPick({ operator: r.operator.slice(0, 200), open: r.seq })}>Only theirs</button></> : "nobody"}</dd>
        <dt>Via</dt><dd>{viaWords(r.via)}{r.address && <>, from <span className="num"><Untrusted text={r.address} /></span></>}</dd>
        {r.subject && <><dt>To what</dt><dd>{r.action === "query run" ? <Query text={r.subject} /> : <Subject record={r} />} <button type="button" className="textbutton" onClick={() => onPick({ subject: r.subject.slice(0, 200), open: r.seq })}>Only about this</button></dd></>}
        {r.recipient && <><dt>Recipient</dt><dd><Untrusted text={evidence(r.recipient)} /></dd></>}
        {r.reason && <><dt>Reason</dt><dd><Untrusted text={evidence(r.reason)} /></dd></>}
      </dl>
      {changes && (
        <>
          <h3>What changed</h3>
          {changes.length === 0 ? <p className={styles.faded}>Nothing differs between before and after.</p> : <ul className={styles.changes}>{changes.map((c) => <li key={c.field}><ChangeOf change={c} /></li>)}</ul>}
        </>
      )}
      {detail !== "" && detail !== "{}" && <><h3>Detail</h3><pre className={styles.code} tabIndex={0}><Untrusted text={evidence(detail)} /></pre></>}
      <h3>Proof</h3>
      <dl className={`${styles.facts} ${styles.hashes}`}>
        <dt>Hash</dt><dd className="mono">{r.hash}</dd>
        <dt>Before</dt><dd className="mono">{r.prev}</dd>
      </dl>
    </div>
  );
}

/** A query as it was run, and the way to run it again. */
function Query({ text }: { text: string }) {
  const evidence = useEvidence();
  const { range } = useTimeRange();
  return (
    <>
      <code className={`mono ${styles.pre}`}><Untrusted text={evidence(text)} /></code><br />
      {text.length <= longestQuery && <Link to="/hunting" search={{ ...writeRange(range), q: text } as never}>Open in Hunting</Link>}
    </>
  );
}

function ChangeOf({ change: c }: { change: Change }) {
  const evidence = useEvidence();
  if ((c.before?.includes("\n") || c.after?.includes("\n")) === true) {
    return (
      <>
        <b>{c.field}</b>
        <div className={styles.diff} tabIndex={0} role="region" aria-label={`What changed in ${c.field}`}>
          {hunks(diff(c.before ?? "", c.after ?? "")).flatMap((h) => h.lines).map((l, i) => (
            <div key={i} data-sign={l.sign}><span>{l.sign === " " ? " " : l.sign === "+" ? "+" : "−"}<span className="unseen">{l.sign === "+" ? "added " : l.sign === "-" ? "removed " : ""}</span></span><span><Untrusted text={evidence(l.text || " ")} /></span></div>
          ))}
        </div>
      </>
    );
  }
  return <>{c.field}: <s>{c.before === undefined ? "nothing" : <Untrusted text={evidence(c.before) || "empty"} />}</s><ArrowRight16Regular aria-label="becomes" /><b>{c.after === undefined ? "nothing" : <Untrusted text={evidence(c.after) || "empty"} />}</b></>;
}
