import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import type { Coverage } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorCircle20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import note from "../../components/Problem.module.css";
import { Untrusted } from "../../components/Untrusted";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { full, number } from "../../time/zone";
import { undrawn } from "./chart";
import styles from "./Hunting.module.css";
import type { Run } from "./session";
import { defectOf } from "./stream";
import { locate } from "./useCheck";

const examples: readonly [name: string, query: string][] = [
  ["Threats that arrived", 'EmailEvents\n| where ThreatTypes != "" and DeliveryAction == "Delivered"\n| project Timestamp, RecipientEmailAddress, SenderFromAddress, Subject, ThreatTypes, LatestDeliveryLocation, NetworkMessageId\n| order by Timestamp desc'],
  ["Mail by day and action", "EmailEvents\n| summarize Messages = count() by bin(Timestamp, 1d), DeliveryAction\n| render columnchart"],
  ["Domains that write for the first time", "EmailEvents\n| summarize First = min(Timestamp), Messages = count(), Mailboxes = dcount(RecipientEmailAddress) by SenderFromDomain\n| where First > ago(2d)\n| order by Mailboxes desc"],
];

/** Before the first run: what this is, and where to begin. */
export function NothingRun({ empty, onLibrary, onExample }: { empty: boolean; onLibrary: () => void; onExample: (q: string) => void }) {
  return (
    <EmptyState
      small
      title={empty ? "No mail has come in yet" : "Nothing has run yet"}
      why={empty ? "Queries are checked and answered, and find nothing until mail is here. Explorer says how to bring it in." : "Write a query above and run it with Ctrl Enter, or begin with one of these."}
    >
      {examples.map(([name, q]) => <Button key={name} onClick={() => onExample(q)}>{name}</Button>)}
      <Button appearance="subtle" onClick={onLibrary}>Look in the library</Button>
    </EmptyState>
  );
}

/** No row: what was asked of what, and what would widen it. */
export function NoRows({ run, coverage, onAll, onRun }: { run: Run; coverage: Coverage | undefined; onAll: (() => void) | undefined; onRun: () => void }) {
  const zone = useZone();
  if (run.state === "stopped" || run.state === "failed") {
    return <EmptyState small title={run.state === "stopped" ? "Stopped" : "No rows came"} why={run.broken || "It was stopped before the first row."}><Button onClick={onRun}>Run again</Button></EmptyState>;
  }
  return (
    <EmptyState
      small
      title="No row matches"
      why={
        <>
          {run.from && run.to ? <>Every table was read from <span className="num">{full(new Date(run.from), zone)}</span> to <span className="num">{full(new Date(run.to), zone)}</span>. </> : "Every table was read whole. "}
          {coverage?.oldest && coverage.newest ? <>Tocsin keeps mail from <span className="num">{full(new Date(coverage.oldest), zone)}</span> to <span className="num">{full(new Date(coverage.newest), zone)}</span>{coverage.pending_jobs > 0 && `; ${number(coverage.pending_jobs)} messages are not judged yet`}.</> : "No mail has come in yet."}
        </>
      }
    >
      {onAll && <Button onClick={onAll}>Choose all mail as range</Button>}
    </EmptyState>
  );
}

/** The server refused the query: the sentence, and the way to the place. */
export function RunProblem({ run, text, onGoTo, onRetry }: { run: Run; text: string; onGoTo: (pos: number) => void; onRetry: () => void }) {
  const d = defectOf(run.problem);
  if (!d) return <ProblemNote error={run.problem} onRetry={onRetry} />;
  const at = locate(run.text, run.query, run.offset, d);
  return (
    <div className={note.note} role="alert">
      <ErrorCircle20Regular aria-hidden />
      <div>
        <b className="num">Line {at.line}, column {at.column}</b>
        <p><Untrusted text={capital(d.message)} /></p>
        {d.table && <p className={styles.facts}>Nothing else is wrong with the query.</p>}
      </div>
      {text === run.text && <Button size="small" onClick={() => onGoTo(at.from)}>Go there</Button>}
    </div>
  );
}

/** What must be known of the rows, above them. */
export function linesOf(run: Run, tables: readonly { name: string; collected: boolean }[]): ReactNode[] {
  const out: ReactNode[] = [];
  if (run.broken && run.state === "failed" && run.count > 0) out.push(<><b>The rows end early:</b> {run.broken}</>);
  if (run.state === "stopped" && run.count > 0) out.push("Stopped: these are the rows that had come.");
  if (run.cut) out.push(<><b>Not all rows:</b> {run.cut}</>);
  if (run.withheld.length > 0) out.push(`Columns that quote messages are left out (${run.withheld.join(", ")}): they need the permission email.preview.`);
  const empty = run.tables.filter((t) => tables.some((x) => x.name === t && !x.collected));
  if (empty.length > 0) out.push(<>Nothing here fills <b>{empty.join(", ")}</b> yet, so {empty.length === 1 ? "it has" : "they have"} no rows.</>);
  const kind = undrawn(run.render);
  if (kind) out.push(<>This page does not draw a <b>{kind}</b>; the rows are below, and “Chart” draws them another way.</>);
  return out;
}
