import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { EmptyState } from "../../components/EmptyState";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { useRun, useStartWhatIf } from "../policy/queries";
import { About, Cancel, Results, StateWord, type Shown } from "../policy/RunCard";
import { over } from "../policy/runs";
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

const all: Shown = { change: "", against: false };

/** What the rule as it is written now would do to the mail of the last days. Nothing is changed by it. */
export function WhatIfPane({ text, cannot, same, run: id, onRun }: Props) {
  const [days, setDays] = useState<"7" | "30">("7");
  const [of, setOf] = useState<{ id: string; text: string }>();
  const [shown, setShown] = useState(all);
  const start = useStartWhatIf();
  const run = useRun("whatif", id);
  // A minute short of it, so that the longest is not longer than allowed by the time it arrives.
  const begin = () => start.mutate({ rule: text, since: new Date(Date.now() - Number(days) * 86_400_000 + 60_000).toISOString() }, { onSuccess: (r) => {
    setOf({ id: r.id, text });
    setShown(all);
    onRun(r.id);
  } });
  const going = run.data !== undefined && !over(run.data);
  return (
    <div className={styles.pane}>
      <div className={styles.row}>
        <Segments label="How far back" options={[["7", "Last 7 days"], ["30", "Last 30 days"]] as const} value={days} onChange={setDays} />
        <Button size="small" disabled={cannot !== "" || start.isPending || going} onClick={begin}>{id ? "Run again" : "Run"}</Button>
        {run.data && <StateWord run={run.data} />}
        {going && <Cancel kind="whatif" id={id} />}
        {cannot ? <span className={styles.quiet}>{cannot}</span> : same && <span className={styles.quiet}>This text is at work already: change it to see a difference.</span>}
      </div>
      {start.error ? <ProblemNote error={start.error} /> : null}
      {id === "" ? (
        <EmptyState small title="Not run yet" why="What-if judges stored mail with the rule as it is written now and without it, and lists every message that would end otherwise. Nothing is changed." />
      ) : run.error ? <ProblemNote error={run.error} onRetry={() => void run.refetch()} /> : !run.data ? <p role="status">Looking for the run</p> : (
        <>
          {of?.id === id && of.text !== text && <p className={styles.odd}><Warning16Regular aria-hidden />The text has changed since this run.</p>}
          <div className={styles.run}>
            <About run={run.data} />
            <Results run={run.data} kind="whatif" id={id} shown={shown} onShown={setShown} beside />
          </div>
        </>
      )}
    </div>
  );
}
