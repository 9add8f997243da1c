import { Button, ProgressBar } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { ArrowRight16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import { useCancel, useResults, useRun, useStart, type JudgingResult, type JudgingRun } from "./queries";
import styles from "./Rules.module.css";

interface Props {
  /** Text that would be tried. */
  text: string;
  /** Why it cannot be tried now; "" when it can. */
  cannot: string;
  /** The text is at work already, so that nothing can change. */
  same: boolean;
  run: string;
  onRun: (id: string) => void;
}

/** What the rule as it is written now would do to the mail of the last days. Nothing is changed by it. */
export function WhatIfPane({ text, cannot, same, run: id, onRun }: Props) {
  const [days, setDays] = useState<"7" | "30">("7");
  const [of, setOf] = useState<{ id: string; text: string }>();
  const start = useStart();
  const run = useRun(id);
  const begin = () => start.mutate({ rule: text, days: Number(days) }, { onSuccess: (r) => {
    setOf({ id: r.id, text });
    onRun(r.id);
  } });
  const going = run.data !== undefined && run.data.ended === null;
  return (
    <div className={styles.pane}>
      <div className={styles.row}>
        <Segments label="How far back" options={[["7", "Last 7 days"], ["30", "Last 30 days"]] as const} value={days} onChange={setDays} />
        <Button size="small" disabled={cannot !== "" || start.isPending || going} onClick={begin}>{id ? "Run again" : "Run"}</Button>
        {cannot ? <span className={styles.quiet}>{cannot}</span> : same && <span className={styles.quiet}>This text is at work already: change it to see a difference.</span>}
      </div>
      {start.error ? <ProblemNote error={start.error} /> : null}
      {id === "" ? (
        <EmptyState small title="Not run yet" why="What-if judges stored mail with the rule as it is written now and without it, and lists every message that would end otherwise. Nothing is changed." />
      ) : run.error ? <ProblemNote error={run.error} onRetry={() => void run.refetch()} /> : !run.data ? <p role="status">Looking for the run</p> : (
        <>
          {of?.id === id && of.text !== text && <p className={styles.odd}><Warning16Regular aria-hidden />The text has changed since this run.</p>}
          <Run run={run.data} />
        </>
      )}
    </div>
  );
}

const states: Record<string, string> = { queued: "Waits for its turn", running: "Judging", done: "Done", failed: "Failed", cancelled: "Cancelled" };

function Run({ run: r }: { run: JudgingRun }) {
  const cancel = useCancel();
  const zone = useZone();
  const over = r.ended !== null;
  const results = useResults(r.id, over);
  const c = r.counts;
  const list = results.data?.pages.flatMap((p) => p.results) ?? [];
  const changed = c.results + c.unkept;
  return (
    <>
      <div role="status" className={styles.runstate}>
        <b>{states[r.state] ?? r.state}</b>
        <span className={`${styles.quiet} num`}>{number(c.messages)} of {number(c.total)} messages{over ? "" : `, ${Math.round(r.progress * 100)} %`} · mail since {day(new Date(r.since), zone)}</span>
        {!over && <Button size="small" onClick={() => cancel.mutate(r.id)} disabled={cancel.isPending}>Cancel</Button>}
      </div>
      {!over && <ProgressBar value={r.progress} aria-label="How far the run is" />}
      {r.error && <p className={styles.bad}><Untrusted text={r.error} /></p>}
      {over && (
        <dl className={styles.figures}>
          <div><dt>Now flagged</dt><dd className="num">{number(c.now_flagged)}</dd></div>
          <div><dt>No longer flagged</dt><dd className="num">{number(c.no_longer_flagged)}</dd></div>
          <div><dt>Another verdict</dt><dd className="num">{number(c.verdict_changed - c.now_flagged - c.no_longer_flagged)}</dd></div>
          <div><dt>Treated otherwise</dt><dd className="num">{number(c.action_changed)}</dd></div>
        </dl>
      )}
      {over && changed > 0 && <p className={styles.quiet}>Counted in email events, one a recipient. What is treated otherwise is mostly what has another verdict.</p>}
      {over && c.contradicts > 0 && <p className={styles.odd}><Warning16Regular aria-hidden />{number(c.contradicts)} go against what people decided about the message.</p>}
      {over && c.missing + c.broken > 0 && <p className={styles.quiet}>{number(c.missing + c.broken)} messages could not be judged again: their bytes are not kept any more, or reading failed.</p>}
      {results.error ? <ProblemNote error={results.error} onRetry={() => void results.refetch()} /> : null}
      {over && !results.isPending && list.length === 0 && !results.error && (
        <EmptyState small title="Nothing would change" why={`Of ${number(c.messages)} messages none would be judged or treated otherwise. The rule may match some and be too light to matter.`} />
      )}
      {list.length > 0 && (
        <ul className={styles.results} aria-label="Messages that would change">
          {list.map((x) => <Result key={x.seq} r={x} />)}
        </ul>
      )}
      {results.hasNextPage && <Button size="small" disabled={results.isFetchingNextPage} onClick={() => void results.fetchNextPage()}>Show more</Button>}
      {over && list.length > 0 && <p className={`${styles.quiet} num`}>{number(list.length)} of {number(changed)} shown{c.unkept > 0 ? `; ${number(c.unkept)} were only counted` : ""}</p>}
    </>
  );
}

const changes: Record<JudgingResult["change"], string> = { "now flagged": "Now flagged", "no longer flagged": "No longer flagged", "verdict changed": "Verdict changes", "action changed": "Action changes" };
const treatments: Record<string, string> = { deliver: "delivered", junk: "to junk", quarantine: "quarantined", reject: "rejected", drop: "dropped", replace: "file replaced", "": "" };

function Result({ r }: { r: JudgingResult }) {
  const zone = useZone();
  const { range } = useTimeRange();
  const t = new Date(r.time);
  const side = (s: JudgingResult["before"]) => <span className={styles.side}><VerdictBadge types={s.threat_types.join(", ")} confidence={s.phish_confidence} /><small className="num">{s.score}{treatments[s.treatment] ? `, ${treatments[s.treatment]}${s.watched ? " (only watched)" : ""}` : ""}</small></span>;
  return (
    <li className={styles.result}>
      <div className={styles.resulthead}>
        <Link to="/email/$id" params={{ id: r.network_message_id }} search={{ ...(r.recipients[0] ? { recipient: r.recipients[0] } : {}), ...writeRange(range) } as never}><Untrusted text={r.subject || "(no subject)"} /></Link>
        <span className={`${styles.quiet} num`} title={both(t)}>{day(t, zone)} {clock(t, zone)}</span>
      </div>
      <p className={styles.quiet}><Untrusted text={r.sender} spelling /> to {r.recipients[0] ? <Untrusted text={r.recipients[0]} /> : "nobody"}{r.recipient_count > 1 && ` and ${number(r.recipient_count - 1)} more`}</p>
      <p className={styles.sides}><span className="unseen">{changes[r.change]}: before </span>{side(r.before)}<ArrowRight16Regular aria-label="after" />{side(r.after)}</p>
      {r.signals.length > 0 && <p className={styles.quiet}>{r.signals.slice(0, 4).map((s) => `${s.came ? "came" : "went"}: ${s.id} (${s.weight > 0 ? "+" : "−"}${Math.abs(s.weight)})`).join(" · ")}</p>}
      {r.contradicts && <p className={styles.odd}><Warning16Regular aria-hidden /><Untrusted text={r.contradicts} /></p>}
    </li>
  );
}
