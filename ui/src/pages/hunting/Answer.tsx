import { useNavigate } from "@tanstack/react-router";
import { readExplorer, writeExplorer } from "../../address/explorer";
import type { HuntingState } from "../../address/hunting";
import { useCoverage, useTimeRange } from "../../address/useAddress";
import { Info16Regular } from "../../components/icons";
import { useZone } from "../../time/Clock";
import { clock } from "../../time/zone";
import { wishOf } from "./chart";
import { ChartCard } from "./ChartCard";
import styles from "./Hunting.module.css";
import { linesOf, NoRows, NothingRun, RunProblem } from "./Notes";
import { PinnedCard } from "./PinnedCard";
import { useSchema } from "./queries";
import type { Here } from "./ResultGrid";
import { ResultsCard } from "./ResultsCard";
import type { Draft, HuntSession, Run } from "./session";
import type { HuntColumn } from "./shapes";
import { quoted } from "./statements";
import type { ChangeHunting } from "./useHunting";
import type { useOpenRow } from "./useOpenRow";

interface Props {
  draft: Draft;
  run: Run | undefined;
  pinned: Run | undefined;
  /** The link named a saved query that is not there. */
  missing: boolean;
  session: HuntSession;
  address: HuntingState;
  change: ChangeHunting;
  row: ReturnType<typeof useOpenRow>;
  here: (column: HuntColumn, value: unknown) => Here;
  onRun: () => void;
  onGoTo: (pos: number) => void;
  onExample: (query: string) => void;
  onLibrary: () => void;
}

/** What stands under the editor: the rows of the last run, its chart, rows that were pinned; or why there are none. */
export function Answer(p: Props) {
  const { draft, run, pinned, missing, session, address, change, row, here } = p;
  const { range, setRange } = useTimeRange();
  const { data: coverage } = useCoverage();
  const { data: schema } = useSchema();
  const zone = useZone();
  const navigate = useNavigate();
  const explorer = (kql: string) => void navigate({ to: "/explorer", search: writeExplorer({ ...readExplorer({}), q: kql, range }) });
  const notes = (
    <>
      {missing && <div className={styles.stale} role="status"><Info16Regular aria-hidden /><span>The saved query of this link is not there any more, or is not shared with you.</span></div>}
      {run && run.text !== draft.text && run.state !== "running" && (
        <div className={styles.stale} role="status">
          <Info16Regular aria-hidden />
          <span className="num">These rows are from the run at {clock(run.at, zone, true)}. The query has changed since.</span>
          <button type="button" className="textbutton" onClick={() => session.open({ text: run.text, name: draft.name ? `${draft.name}, as it ran` : "As it ran" })}>Show that query</button>
        </div>
      )}
    </>
  );
  if (!run) return <>{notes}<NothingRun empty={coverage !== undefined && coverage.oldest === null} onLibrary={p.onLibrary} onExample={p.onExample} /></>;
  if (run.problem !== undefined) return <>{notes}<RunProblem run={run} text={draft.text} onGoTo={p.onGoTo} onRetry={p.onRun} /></>;
  const charted = run.count > 0 && wishOf(run.columns, run.render, address.chart) !== undefined;
  const onExplorer = run.explorer === "" ? undefined : () => explorer(run.explorer);
  const right = charted || pinned !== undefined;
  return (
    <>
      {notes}
      <div className={styles.cards} data-right={right}>
        <ResultsCard
          run={run}
          name={draft.name}
          view={address.view}
          onView={(view) => change({ view })}
          sort={address.sort}
          onSort={(sort) => change({ sort })}
          charted={charted}
          onChart={() => change({ chart: { ...address.chart, kind: run.columns.some((c) => c.type === "datetime") ? "line" : "bar" } })}
          onPin={() => session.pin(run)}
          onExplorer={onExplorer}
          onMessages={(ids) => explorer(`EmailEvents | where NetworkMessageId in (${ids.map(quoted).join(", ")})`)}
          here={here}
          open={row.place}
          onOpen={row.open}
          order={row.order}
          lines={linesOf(run, schema?.tables ?? [])}
          empty={<NoRows run={run} coverage={coverage} onAll={"last" in range && range.last === "all" ? undefined : () => setRange({ last: "all" })} onRun={p.onRun} />}
        />
        {right && (
          <div className={styles.right}>
            {charted && <ChartCard run={run} choice={address.chart} onChoice={(c) => change({ chart: { ...address.chart, ...c } })} here={here} onExplorer={onExplorer} />}
            {pinned && <PinnedCard pinned={pinned} run={run} here={() => ({})} onUnpin={() => session.pin(undefined)} />}
          </div>
        )}
      </div>
    </>
  );
}
