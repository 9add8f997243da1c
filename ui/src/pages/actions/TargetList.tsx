import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { Fragment, useState, type ReactNode } from "react";
import { ChevronDown16Regular, ChevronRight16Regular, Star12Filled, Warning16Regular } from "../../components/icons";
import { placeWord } from "../../components/outcome";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, clock, number } from "../../time/zone";
import { Time } from "../account/Time";
import styles from "./Actions.module.css";
import { useTargets } from "./queries";
import { atWork, happened, stepWords, troubles, well, type Action, type Target } from "./words";
import { OutcomeWord } from "./States";

type Which = "trouble" | "work" | "well" | "drifted" | "all";
const wanted: Record<Which, readonly Target["outcome"][]> = { trouble: troubles, work: atWork, well, drifted: [], all: [] };

/** What became of every target, mailbox by mailbox, with its receipt; what needs somebody comes first. */
export function TargetList({ action: a, tools, links }: { action: Action; tools?: ReactNode; links?: boolean }) {
  const c = a.counts;
  const bad = c.failed + c.skipped + c.not_found + c.cancelled;
  const [chosen, setChosen] = useState<Which>();
  const first: Which = a.over ? (bad > 0 ? "trouble" : "all") : a.state === "Waiting for approval" || c.todo === 0 ? "all" : "work";
  const which = chosen ?? first;
  const list = useTargets(a.id, wanted[which], which === "drifted", !a.over && a.state !== "Waiting for approval");
  const rows = list.data?.pages.flatMap((p) => p.targets) ?? [];
  const options = ([["trouble", "Not done", bad], ["work", a.state === "Waiting for approval" ? "To do" : "At work", c.todo], ["well", "Done", c.done], ["drifted", "Drifted", c.drifted], ["all", "All", c.targets]] as const).filter(([k, , n]) => n > 0 || k === "all" || k === which);
  return (
    <section className={`card ${styles.targets}`} aria-label="Targets">
      <div className={styles.tools}>
        <Segments label="Which targets" options={options.map(([k, word, n]) => [k, `${word} ${number(n)}`] as const)} value={which} onChange={setChosen} />
        <span className={styles.push} />
        {tools}
      </div>
      {list.error ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="List of targets">
        {list.isLoading ? <Skeleton aria-label="Reading targets" className={styles.wait}>{[1, 2, 3, 4].map((i) => <SkeletonItem key={i} size={16} />)}</Skeleton> : (
          <table className={styles.table}>
            <thead><tr><th scope="col"><span className="unseen">Receipt</span></th><th scope="col">Mailbox</th><th scope="col">Message</th><th scope="col">Outcome</th><th scope="col">What happened</th><th scope="col">Time</th></tr></thead>
            <tbody>{rows.map((t, i) => <Row key={t.seq} target={t} same={rows[i - 1]?.mailbox === t.mailbox} waits={a.state === "Waiting for approval"} links={links === true} />)}</tbody>
          </table>
        )}
        {!list.isLoading && rows.length === 0 && <p className={styles.empty}>{which === "work" ? "Nothing is at work any more." : "There is none like that."}</p>}
        {list.hasNextPage && <div className={styles.more}><Button size="small" disabledFocusable={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show more</Button> <span>{number(rows.length)} shown</span></div>}
      </div>
    </section>
  );
}

function Row({ target: t, same, links, waits }: { target: Target; same: boolean; links: boolean; waits: boolean }) {
  const zone = useZone();
  const evidence = useEvidence();
  const [open, setOpen] = useState(false);
  const subject = <Untrusted text={evidence(t.subject) || "(no subject)"} />;
  return (
    <Fragment>
      <tr data-bad={t.outcome === "Failed"}>
        <td className={styles.fold}>{t.receipt && <button type="button" aria-expanded={open} aria-label={`Receipt of ${t.mailbox}, target ${t.seq + 1}`} onClick={() => setOpen(!open)}>{open ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />}</button>}</td>
        <th scope="row" className={same ? styles.same : ""}>{t.priority && <Star12Filled aria-label="Priority account" />}<Untrusted text={t.mailbox} />{t.recipient.toLowerCase() !== t.mailbox && <small>as <Untrusted text={t.recipient} /></small>}</th>
        <td className={styles.subject}>{links ? <Link to="/email/$id" params={{ id: t.network_message_id }} search={{ recipient: t.recipient } as never} className="clip">{subject}</Link> : <div className="clip">{subject}</div>}</td>
        <td><OutcomeWord outcome={t.outcome} />{t.drifted && <span className={`${styles.word} ${styles.odd}`}><Warning16Regular aria-hidden />Drifted</span>}</td>
        <td className={styles.told}><Untrusted text={happened(t, waits)} /></td>
        <td>{t.at ? <time className="num" dateTime={t.at} title={both(new Date(t.at))}>{clock(new Date(t.at), zone, true)}</time> : t.next_try ? <span className={styles.faded}>again at <span className="num">{clock(new Date(t.next_try), zone, true)}</span></span> : null}</td>
      </tr>
      {open && t.receipt && <tr className={styles.receiptrow}><td /><td colSpan={5}><Receipt proof={t.receipt} /></td></tr>}
    </Fragment>
  );
}

type Proof = NonNullable<Target["receipt"]>;
type Copy = NonNullable<Proof["steps"][number]["from"]>;

/** Everything that proves what was done: each copy before and after, and the later looks. */
function Receipt({ proof: r }: { proof: Proof }) {
  return (
    <div className={styles.receipt}>
      <p>Done <Time at={r.at} /> by <b><Untrusted text={r.provider} /></b>{r.from && <>; it lay in <b>{placeWord(r.from)}</b></>}{r.to && (r.to === "Removed" ? ", and is in no folder of the mailbox now" : <>, and is in <b>{placeWord(r.to)}</b></>)}.</p>
      {r.steps.map((s, i) => (
        <section key={i} aria-label={`Copy ${i + 1}`}>
          <p><b>{r.steps.length > 1 && `Copy ${i + 1}: `}<Untrusted text={stepWords(s)} /></b></p>
          <div className={styles.copies}>
            {s.from && <CopyFacts title="Before" copy={s.from} />}
            {s.to && <CopyFacts title="After" copy={s.to} />}
            {s.from && s.to && s.from.sha256 !== "" && s.to.sha256 !== "" && <p className={s.from.sha256 === s.to.sha256 ? styles.equal : styles.differs}>{s.from.sha256 === s.to.sha256 ? "The octets are the same before and after." : "The octets differ before and after."}</p>}
          </div>
        </section>
      ))}
      <p className={styles.faded}>
        {r.checks.length === 0 ? "No later look yet: an hour and a day after, Tocsin looks whether it still holds." : null}
        {r.checks.map((c) => <span key={c.after_seconds} className={c.holds ? "" : styles.odd}>Looked after {c.after_seconds >= 86_400 ? "a day" : "an hour"} (<Time at={c.at} />): {c.holds ? "it holds." : <>drift: it was found in <Untrusted text={c.where} />.</>} </span>)}
      </p>
    </div>
  );
}

function CopyFacts({ title, copy: c }: { title: string; copy: Copy }) {
  return (
    <dl aria-label={title}>
      <dt className={styles.which}>{title}</dt><dd />
      <dt>Folder</dt><dd><Untrusted text={c.folder || "none"} />{c.location && placeWord(c.location) !== c.folder && <> ({placeWord(c.location)})</>}</dd>
      <dt>Id there</dt><dd className="mono"><Untrusted text={c.id} /></dd>
      <dt>Flags</dt><dd>{c.flags.length > 0 ? <Untrusted text={c.flags.join(" ")} /> : "none"}</dd>
      {c.received && <><dt>Arrived</dt><dd><Time at={c.received} /></dd></>}
      <dt>Octets</dt><dd className="num">{number(c.size)}</dd>
      <dt>SHA-256</dt><dd className="mono">{c.sha256 || "not read"}</dd>
    </dl>
  );
}
