import { Button, Checkbox, ProgressBar, Tooltip } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { writeEmail, readEmail } from "../../address/email";
import { changeKinds, type ChangeKind, type RunKind } from "../../address/policy";
import { useAddress } from "../../address/useAddress";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { ArrowRight16Regular, CheckmarkCircle16Regular, Clock16Regular, Dismiss20Regular, ErrorCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { revealed } from "../../text/reveal";
import { useZone } from "../../time/Clock";
import { both, clock, day, full, number } from "../../time/zone";
import styles from "./Policy.module.css";
import { useCancelRun, useResults, useRun } from "./queries";
import { moves, over, placeWords, reach, stateWords, summary, verdictWords, type Result, type Run, type Side } from "./runs";

/** One run: how far it is, what came of it, and the messages that differ with before and after. */
export function RunCard({ kind, id, title, onClose, tall, back }: { kind: RunKind; id: string; title: string; onClose: () => void; tall?: boolean; back?: ReactNode }) {
  const run = useRun(kind, id);
  const [{ change: only, against }, change] = usePolicyAddress();
  const r = run.data;
  const card = useRef<HTMLElement>(null);
  // Whoever asked for it, or follows a link to it, wants to see it.
  useEffect(() => {
    void card.current?.scrollIntoView({ block: "nearest" });
  }, [id]);
  return (
    <section ref={card} className={`card ${styles.listcard} ${tall ? styles.tall : ""}`} aria-label={title}>
      <div className={styles.runhead}>
        {back}
        <h2>{title}</h2>
        {r && <StateWord run={r} />}
        <span className={styles.push} />
        {r && !over(r) && <Cancel kind={kind} id={id} />}
        <Tooltip content="Close" relationship="label"><Button appearance="subtle" icon={<Dismiss20Regular />} onClick={onClose} /></Tooltip>
      </div>
      {run.error ? <ProblemNote error={run.error} onRetry={() => void run.refetch()} /> : r && <About run={r} />}
      <Results run={r} kind={kind} id={id} shown={{ change: only, against }} onShown={(s) => change(s, { replace: true })} />
    </section>
  );
}

export function StateWord({ run: r }: { run: Run }) {
  const Icon = r.state === "done" ? CheckmarkCircle16Regular : r.state === "failed" ? ErrorCircle16Regular : r.state === "cancelled" ? Warning16Regular : Clock16Regular;
  return <span className={`${styles.state} num`} aria-live="polite"><Icon aria-hidden />{stateWords[r.state]}{r.state === "running" && `, ${Math.floor(r.progress * 100)} %`}</span>;
}

export function Cancel({ kind, id }: { kind: RunKind; id: string }) {
  const may = useMay(kind === "whatif" ? "whatif.run" : "rejudge.run");
  const cancel = useCancelRun(kind, id);
  if (!may) return null;
  return <Button size="small" disabledFocusable={cancel.isPending} onClick={() => cancel.mutate()}>Cancel</Button>;
}

/** What a run is about and what came of it so far. */
export function About({ run: r }: { run: Run }) {
  const zone = useZone();
  const c = r.counts;
  const gaps = [
    c.missing > 0 && `${number(c.missing)} not looked at: their content is not kept any more`,
    c.broken > 0 && `${number(c.broken)} could not be judged in full`,
    c.unkept > 0 && `${number(c.unkept)} more changes are counted and not listed`,
  ].filter((x) => x !== false);
  return (
    <div className={styles.runbody}>
      {!over(r) && <ProgressBar value={r.progress} max={1} aria-label="Messages looked at" />}
      <p><b>{summary(r)}</b> {r.kind === "whatif" && over(r) && "Nothing was changed by trying."}{r.kind === "rejudge" && r.dry_run && "A dry run: nothing was written down but this."}</p>
      {r.error && <p className={styles.caution} role="alert"><Warning16Regular aria-hidden /><span><Untrusted text={r.error} /></span></p>}
      <Moves run={r} />
      {r.kind === "rejudge" && !r.dry_run && c.decided > 0 && <p className={styles.note}><Clock16Regular aria-hidden /><span>{number(c.decided)} decided to leave where they lie. Where a mail system is connected they become an automatic action, with its own approval; each stands in the timeline of its message.</span></p>}
      {c.contradicts > 0 && <p className={styles.caution}><Warning16Regular aria-hidden /><span>{number(c.contradicts)} go against what somebody decided by hand, such as mail that was released from quarantine.</span></p>}
      <p className={`${styles.dim} num`}>
        {r.tries && <>Tried: <Untrusted text={r.tries} />. </>}
        Mail of the last {reach(r)} up to {full(new Date(r.until), zone)}, {number(c.messages)} of {number(c.total)} messages{r.threat && `, only ${r.threat}`}. {r.automatic ? "Started by itself: " : "Reason: "}<Untrusted text={r.reason} />{r.by && !r.automatic && <> ({<Untrusted text={r.by} />})</>}.
        {gaps.length > 0 && ` ${gaps.join("; ")}.`}
      </p>
    </div>
  );
}

/** Where mail would go instead, with counts. */
export function Moves({ run: r }: { run: Run }) {
  const all = moves(r.counts.actions);
  if (all.length === 0) return null;
  return (
    <ul className={styles.moves} aria-label="From where to where, in email events">
      {all.map((m) => <li key={`${m.from} ${m.to}`}><span className={styles.state}>{m.from}<ArrowRight16Regular aria-label="to" />{m.to}</span><b className="num">{number(m.n)}</b></li>)}
    </ul>
  );
}

const names: Record<ChangeKind, string> = { "now flagged": "Now flagged", "no longer flagged": "No longer flagged", "verdict changed": "Other verdict", "action changed": "Other treatment" };

/** Which of the messages that differ are listed. */
export interface Shown { change: ChangeKind | ""; against: boolean }

/** The messages that differ, with before and after; beside an editor there is no room for a column that says why, so each says it under its subject. */
export function Results({ run, kind, id, shown: state, onShown, beside }: { run: Run | undefined; kind: RunKind; id: string; shown: Shown; onShown: (s: Shown) => void; beside?: boolean }) {
  const address = useAddress();
  const navigate = useNavigate();
  const results = useResults(run, kind, id, state.change, state.against);
  const rows = results.data?.pages.flatMap((p) => p.results) ?? [];
  const columns = useColumns(beside === true);
  const c = run?.counts;
  const filtered = state.change !== "" || state.against;
  if (run && over(run) && c?.results === 0) {
    return <EmptyState small title="No message differs" why={kind === "whatif" ? "The mail of that time would have been treated just the same." : "What was decided at delivery still holds, or was told by an earlier run."} />;
  }
  return (
    <>
      <div className={styles.filters}>
        <Segments label="Kind of change" options={[["", "All"] as const, ...changeKinds.map((k) => [k, names[k]] as const)]} value={state.change} onChange={(k) => onShown({ ...state, change: k })} />
        {(c?.contradicts ?? 0) > 0 && <Checkbox checked={state.against} label="Only against people's decisions" onChange={(_, d) => onShown({ ...state, against: d.checked === true })} />}
      </div>
      {results.error ? <ProblemNote error={results.error} onRetry={() => void results.refetch()} /> : (
        <ListGrid
          label="Messages that differ"
          rows={rows}
          keyOf={(r) => String(r.seq)}
          columns={columns}
          total={filtered || !run || !over(run) ? -1 : run.counts.results}
          more={results.hasNextPage}
          loading={results.isFetching && (rows.length === 0 || results.isFetchingNextPage)}
          onMore={() => void results.fetchNextPage()}
          onOpen={(r) => void navigate({ to: "/email/$id", params: { id: r.network_message_id }, search: writeEmail({ ...readEmail({}), recipient: r.recipients[0] ?? "" }, address) })}
          rowHeight={48}
          empty={run && !over(run) ? <EmptyState small title="Nothing differs so far" why="Messages appear here as they are found." /> : <EmptyState small title="None of this kind" why="Other kinds of change may have some." />}
          foot={(first, last) => <span className="num">{number(first)}–{number(last)}{!filtered && run && over(run) ? <> of <b>{number(run.counts.results)}</b></> : ""} messages. Enter opens one.</span>}
        />
      )}
    </>
  );
}

function useColumns(beside: boolean): ListColumn<Result>[] {
  const zone = useZone();
  const evidence = useEvidence();
  return [
    { key: "time", label: "Received", min: 104, grow: 0, from: 620, cell: (r) => <time className="num" dateTime={r.time} title={both(new Date(r.time))}><span className={styles.faded}>{day(new Date(r.time), zone)}</span> {clock(new Date(r.time), zone)}</time> },
    { key: "message", label: "Message", min: 180, grow: 2.4, cell: (r) => <span className={styles.two} title={revealed(r.subject)}><b className="clip">{r.subject ? <Untrusted text={r.subject} /> : <i>(no subject)</i>}</b><small className="clip">{beside ? <Untrusted text={evidence(why(r))} /> : <>from <Untrusted text={evidence(r.sender)} /></>}</small></span> },
    { key: "recipients", label: "Recipients", min: 130, grow: 1.2, from: 900, cell: (r) => <span className={styles.two}><span className="clip"><Untrusted text={r.recipients[0] ?? ""} /></span>{r.recipient_count > 1 && <small className="num">and {number(r.recipient_count - 1)} more</small>}</span> },
    { key: "before", label: "Before", min: 116, grow: 1.1, cell: (r) => <SideCell side={r.before} score={r.before.score !== r.after.score} /> },
    { key: "after", label: "After", min: 116, grow: 1.1, cell: (r) => <SideCell side={r.after} score={r.before.score !== r.after.score} /> },
    {
      key: "why", label: "Why", min: 150, grow: 2, from: beside ? 10_000 : 760,
      cell: (r) => {
        const text = why(r);
        return <span className={r.contradicts ? `${styles.over} clip` : "clip"} title={revealed(evidence(text))}><Untrusted text={evidence(text)} /></span>;
      },
    },
  ];
}

function why(r: Result): string {
  return r.contradicts ? `Against a decision: ${r.contradicts}` : r.signals[0] ? `${r.signals[0].came ? "new" : "gone"}: ${r.signals[0].claim}${r.signals.length > 1 ? `, and ${r.signals.length - 1} more` : ""}` : r.after.reason;
}

function SideCell({ side: s, score }: { side: Side; score: boolean }) {
  const text = [placeWords(s), ...(score ? [`score ${s.score}`] : [])].filter((x) => x !== "").join(", ");
  return <span className={styles.two} title={`${verdictWords(s)}: ${text}${s.watched && s.treatment !== "deliver" ? ". Delivered, because the policy only watches" : ""}`}><b className="clip">{verdictWords(s)}</b>{text && <small className="clip num">{text}</small>}</span>;
}
