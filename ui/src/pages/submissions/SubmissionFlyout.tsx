import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { DetailFlyout } from "../../components/DetailFlyout";
import type { Steps } from "../../components/Flyout";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Open20Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { Badge, VerdictBadge } from "../../components/Verdict";
import { useMay, useOperator } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence, useValueEvidence } from "../../text/useEvidence";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { TakeAction } from "../actions/TakeAction";
import { CloseForm } from "./CloseForm";
import { ReadIt } from "./ReadIt";
import { useChange, useJudge, useSubmission, type Detail, type Report } from "./queries";
import styles from "./Submissions.module.css";
import { answerWords, matchWords, verdictWords, wayWords } from "./words";

/** One submission: what it is, what Tocsin says now, who reported it, and what can be done. */
export function SubmissionFlyout({ id, ...steps }: Steps & { id: string }) {
  const detail = useSubmission(id);
  return <DetailFlyout what="submission" detail={detail} label={(d) => `Submission: ${revealed(d.subject) || "no subject"}`} {...steps}>{(d) => <Body key={d.id} d={d} onRefresh={() => void detail.refetch()} />}</DetailFlyout>;
}

function Body({ d, onRefresh }: { d: Detail; onRefresh: () => void }) {
  const evidence = useEvidence();
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}>{d.subject === "" ? <i>(no subject)</i> : <Untrusted text={evidence(d.subject)} />}</h2>
      <div className={styles.badges}>
        <Badge icon={null}>Reported as {d.type.toLowerCase()}</Badge>
        <Badge icon={null}>{d.state === "Closed" ? `Closed: ${d.result}` : d.state}</Badge>
        {d.unproven > 0 && <Badge icon={<Warning16Regular aria-hidden />}>{d.unproven === d.reports ? "Sender not proven" : `${number(d.unproven)} of ${number(d.reports)} not proven`}</Badge>}
      </div>
      <Doing d={d} onRefresh={onRefresh} />
      <Says d={d} />
      <Message d={d} />
      <h3>{d.reports === 1 ? "The report" : `${number(d.reports)} reports by ${number(d.reporters)} ${d.reporters === 1 ? "person" : "people"}`}</h3>
      <ul className={styles.reports}>{d.report_list.map((r, i) => <li key={i}><OneReport d={d} r={r} /></li>)}</ul>
      {d.reports > d.report_list.length && <p className={styles.faded}>The first {number(d.report_list.length)} are shown.</p>}
    </div>
  );
}

/** What to do next: take it, close it, open it again. */
function Doing({ d, onRefresh }: { d: Detail; onRefresh: () => void }) {
  const may = useMay("submission.work");
  const me = useOperator().operator.email;
  const change = useChange(d.id);
  const [closing, setClosing] = useState(false);
  if (!may) return d.owner === "" ? null : <p className={styles.faded}>{d.owner} works on it.</p>;
  const mine = d.owner === me;
  return (
    <div className={styles.doing}>
      <div className={styles.buttons}>
        {d.state === "New" && !closing && <Button appearance="primary" disabled={change.isPending} onClick={() => change.mutate({ revision: d.revision, state: "In triage", owner: "me" })}>Take it</Button>}
        {d.state === "In triage" && !mine && <Button disabled={change.isPending} onClick={() => change.mutate({ revision: d.revision, owner: "me" })}>Take over</Button>}
        {d.state !== "Closed" && !closing && <Button appearance={d.state === "New" ? "secondary" : "primary"} onClick={() => setClosing(true)}>Close…</Button>}
        {d.state === "Closed" && <Button disabled={change.isPending} onClick={() => change.mutate({ revision: d.revision, state: "In triage", owner: "me" })}>Open again</Button>}
        {d.network_message_id !== "" && <Link className={styles.linkbutton} to="/explorer" search={{ q: `EmailEvents | where NetworkMessageId == "${d.network_message_id}"`, last: "all" } as never}>All copies in Explorer</Link>}
        {d.network_message_id !== "" && <TakeAction scope={() => ({ what: "message", id: d.network_message_id })} rows={undefined} />}
      </div>
      {d.state !== "New" && d.owner !== "" && <p className={styles.faded}>{mine ? "You work" : `${d.owner} works`} on it{d.state === "Closed" && d.closed_by !== "" ? `; closed by ${d.closed_by === me ? "you" : d.closed_by}` : ""}.</p>}
      {d.state === "Closed" && d.note !== "" && <p className={styles.note}><Untrusted text={d.note} /></p>}
      {d.labelled && <p className={styles.faded} role="status">Closed; {d.labelled}.</p>}
      {closing && d.state !== "Closed" && (
        <CloseForm d={d} busy={change.isPending} onCancel={() => setClosing(false)} onClose={(result, note, label) => change.mutate({ revision: d.revision, state: "Closed", result, note, label, ...(d.owner === "" ? { owner: "me" } : {}) }, { onSuccess: () => setClosing(false) })} />
      )}
      {change.error ? <ProblemNote error={change.error} onRetry={() => { change.reset(); onRefresh(); }} /> : null}
    </div>
  );
}

/** What the judge says now, with the heaviest reasons. */
function Says({ d }: { d: Detail }) {
  const zone = useZone();
  const evidence = useEvidence();
  const may = useMay("submission.work");
  const judge = useJudge(d.id);
  const v = d.verdict;
  return (
    <>
      <h3>What Tocsin says</h3>
      <div className={styles.says}>
        {v.at ? <VerdictBadge types={v.threat_types.join(", ")} confidence="" /> : <span>{verdictWords(v)}</span>}
        {v.at && <span className="num">{v.score} of 100</span>}
        {v.at && <time className={`num ${styles.faded}`} dateTime={v.at} title={both(new Date(v.at))}>{full(new Date(v.at), zone)}</time>}
        {may && !d.only_quoted && <Button size="small" icon={<ArrowSync16Regular />} disabled={judge.isPending} onClick={() => judge.mutate(undefined)}>Judge now</Button>}
      </div>
      {v.note && <p className={styles.faded}>{capital(v.note)}.</p>}
      {v.signals.length > 0 && (
        <ul className={styles.signals} aria-label="Reasons">
          {v.signals.map((s) => <li key={s.id}><span className="num">{s.weight > 0 ? `+${s.weight}` : s.weight}</span><span>{s.claim}{s.evidence && <small><Untrusted text={evidence(s.evidence)} /></small>}</span></li>)}
        </ul>
      )}
      {judge.error ? <ProblemNote error={judge.error} /> : null}
    </>
  );
}

/** The reported message, and how sure it is which delivered one it is. */
function Message({ d }: { d: Detail }) {
  const zone = useZone();
  const value = useValueEvidence();
  return (
    <>
      <h3>The message</h3>
      <dl className={styles.facts}>
        <dt>From</dt><dd>{d.sender ? <Value field="SenderFromAddress" value={d.sender} className="mono"><Untrusted text={value("SenderFromAddress", d.sender)} spelling /></Value> : d.sender_name ? "" : "not known"}{d.sender_name && <> <Untrusted text={d.sender_name} /></>}</dd>
        {d.date && <><dt>Date</dt><dd className="num"><time dateTime={d.date} title={both(new Date(d.date))}>{full(new Date(d.date), zone)}</time></dd></>}
        {d.internet_message_id && <><dt>Message-ID</dt><dd className="mono"><Untrusted text={d.internet_message_id} /></dd></>}
        <dt>Delivered mail</dt><dd>{d.match === "Exact" && <CheckmarkCircle16Regular className={styles.good} aria-hidden />}<b>{matchWords(d)}</b>: <Untrusted text={d.how} /></dd>
      </dl>
      {d.network_message_id !== "" ? (
        <p><Link className={styles.linkbutton} to="/email/$id" params={{ id: d.network_message_id }} search={{ recipient: d.recipient } as never}><Open20Regular aria-hidden />Open the message</Link></p>
      ) : <ReadIt d={d} />}
    </>
  );
}

function OneReport({ d, r }: { d: Detail; r: Report }) {
  const zone = useZone();
  const evidence = useEvidence();
  const told = answerWords(d, r);
  return (
    <>
      <div className={styles.who}><b><Untrusted text={r.reporter || "nobody"} /></b>{r.name && <span className={styles.faded}><Untrusted text={r.name} /></span>}<time className="num" dateTime={r.at} title={both(new Date(r.at))}>{full(new Date(r.at), zone)}</time></div>
      <p className={r.proven ? styles.proof : styles.unproven}>{r.proven ? <CheckmarkCircle16Regular aria-hidden /> : <Warning16Regular aria-hidden />}<Untrusted text={capital(r.proof)} /></p>
      <p className={styles.faded}>{capital(wayWords(r))}{r.type !== d.type && `, as ${r.type.toLowerCase()}`}{r.mailbox && <>; <Untrusted text={r.mailbox} /></>}{told && `; ${told}`}</p>
      {r.comment && <blockquote className={styles.comment}><Untrusted text={evidence(r.comment)} /></blockquote>}
    </>
  );
}
