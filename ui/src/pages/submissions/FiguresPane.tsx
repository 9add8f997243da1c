import { Button, Select, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { lazy, Suspense, useMemo, useState } from "react";
import { splits, type Split } from "../../address/submissions";
import { useTimeRange } from "../../address/useAddress";
import { ChartTable } from "../../components/chart/ChartTable";
import { Legend } from "../../components/chart/Legend";
import { seriesOf } from "../../components/chart/model";
import { DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMode } from "../../theme/AppTheme";
import { useClock } from "../../time/Clock";
import { bucketName, number } from "../../time/zone";
import { useFigures, useReportChart } from "./queries";
import styles from "./Submissions.module.css";
import { rightWords, spanWords } from "./words";

const StackedTimeChart = lazy(() => import("../../components/chart/StackedTimeChart").then((m) => ({ default: m.StackedTimeChart })));

const splitNames: Record<Split, string> = { SubmissionType: "Type", Result: "Result", ReporterEmailAddress: "Reporter", SubmissionSource: "Way in", MatchLevel: "Delivered mail" };
const height = 180;

/** Reports over time, what came of them, and whose were right. */
export function FiguresPane({ split, onSplit, onReporter }: { split: Split; onSplit: (s: Split) => void; onReporter: (address: string) => void }) {
  const { query, setRange } = useTimeRange();
  const { now } = useClock();
  const mode = useMode();
  const chart = useReportChart(split, query);
  const figures = useFigures(query);
  const [table, setTable] = useState(false);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const series = useMemo(() => (chart.data ? seriesOf(chart.data, mode) : []), [chart.data, mode]);
  const f = figures.data;
  return (
    <div className={styles.figures}>
      <section className={`card ${styles.chartcard}`} aria-label="Reports over time">
        <div className={styles.charthead}>
          <Select size="small" aria-label="Split by" value={split} onChange={(_, d) => { setHidden([]); onSplit(d.value as Split); }}>{splits.map((s) => <option key={s} value={s}>Split by {splitNames[s].toLowerCase()}</option>)}</Select>
          <Legend series={series} hidden={hidden} onHide={setHidden} />
          <span className={styles.push} />
          {chart.data && <span className={styles.faded}>Reports per {bucketName(chart.data.bucket_seconds)}</span>}
          <Tooltip content={table ? "Show the chart" : "Show as a table"} relationship="label"><Button size="small" appearance="subtle" icon={table ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setTable(!table)} /></Tooltip>
        </div>
        {chart.error ? <ProblemNote error={chart.error} onRetry={() => void chart.refetch()} /> : !chart.data ? <Skeleton aria-label="Counting"><SkeletonItem style={{ height }} /></Skeleton> : table ? <ChartTable chart={chart.data} series={series} height={height} /> : (
          <Suspense fallback={<div style={{ height }} />}><StackedTimeChart chart={chart.data} hidden={hidden} height={height} what="report" onZoom={(from, to) => setRange({ from, to })} onPoint={(s) => setHidden(hidden.length > 0 ? [] : series.filter((x) => x.key !== s.key).map((x) => x.key))} /></Suspense>
        )}
      </section>
      {figures.error ? <ProblemNote error={figures.error} onRetry={() => void figures.refetch()} /> : !f ? <Skeleton aria-label="Counting"><SkeletonItem style={{ height: 200 }} /></Skeleton> : (
        <div className={styles.tiles}>
          <section className={`card ${styles.tile}`} aria-labelledby="figures-now">
            <h2 id="figures-now">Now</h2>
            <dl className={styles.facts}>
              <dt>Wait for somebody</dt><dd className="num"><b>{number(f.open)}</b></dd>
              <dt>Oldest that nobody took</dt><dd>{f.oldest_new ? `${spanWords((now.getTime() - new Date(f.oldest_new).getTime()) / 1000)} old` : "none"}</dd>
              <dt>Reports in this time</dt><dd className="num"><b>{number(f.reports)}</b></dd>
              <dt>From report to result</dt><dd>{spanWords(f.triage_seconds)}{f.triage_seconds > 0 && ", median"}</dd>
            </dl>
          </section>
          <section className={`card ${styles.tile}`} aria-labelledby="figures-results">
            <h2 id="figures-results">Results</h2>
            {f.results.length === 0 ? <p className={styles.faded}>Nothing was reported in this time.</p> : (
              <dl className={styles.facts}>{f.results.map((r) => <Share key={r.name} name={r.name || "Open"} count={r.count} of={f.results.reduce((n, x) => n + x.count, 0)} />)}</dl>
            )}
          </section>
          <section className={`card ${styles.tile}`} aria-labelledby="figures-reporters">
            <h2 id="figures-reporters">Reporters</h2>
            {f.reporters.length === 0 ? <p className={styles.faded}>Nobody whose sender is proven reported in this time.</p> : (
              <div className={styles.scroll} tabIndex={0} role="region" aria-label="List of reporters">
                <table className={styles.table}>
                  <thead><tr><th scope="col">Reporter</th><th scope="col">Reports</th><th scope="col">Right</th></tr></thead>
                  <tbody>{f.reporters.map((r) => <tr key={r.reporter}><th scope="row"><button type="button" className="textbutton" onClick={() => onReporter(r.reporter)}><Untrusted text={r.reporter} /></button></th><td className="num">{number(r.reports)}</td><td className="num">{rightWords(r)}</td></tr>)}</tbody>
                </table>
              </div>
            )}
          </section>
        </div>
      )}
    </div>
  );
}

function Share({ name, count, of }: { name: string; count: number; of: number }) {
  return <><dt>{name}</dt><dd className="num"><b>{number(count)}</b> <span className={styles.faded}>{Math.round((100 * count) / Math.max(1, of))} %</span></dd></>;
}
