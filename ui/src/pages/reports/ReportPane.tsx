import { Button, Select, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { readExplorer, writeExplorer } from "../../address/explorer";
import { readReport, writeReport, type ReportState } from "../../address/reports";
import { useAddress, useCountedRange, useCoverage, useTimeRange } from "../../address/useAddress";
import type { Chart, Schemas } from "../../api/client";
import { ChartTable } from "../../components/chart/ChartTable";
import { Legend } from "../../components/chart/Legend";
import { seriesOf } from "../../components/chart/model";
import { CoverageNote } from "../../components/CoverageNote";
import { ArrowDownload16Regular, DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { RangeNote } from "../../components/RangeNote";
import { useMode } from "../../theme/AppTheme";
import { useZone } from "../../time/Clock";
import { bucketName, full, number } from "../../time/zone";
import { Detail } from "./Detail";
import { fileLink, useOptions, useReport, type Kind, type Report } from "./queries";
import styles from "./Reports.module.css";
import { ShowKql } from "./ShowKql";
import { valueWords } from "./words";

const StackedTimeChart = lazy(() => import("../../components/chart/StackedTimeChart").then((m) => ({ default: m.StackedTimeChart })));

const height = 200;

/** One report: its figures, its chart, its tables, and what they do not know. */
export function ReportPane({ kind }: { kind: Kind }) {
  const address = useAddress();
  const navigate = useNavigate();
  const { query } = useCountedRange();
  const state = readReport(address);
  const report = useReport(kind.name, state, query);
  const zone = useZone();
  const change = (c: Partial<ReportState>) => void navigate({ to: "/reports/$report", params: { report: kind.name }, search: writeReport({ ...state, ...c }), replace: true });
  const r = report.data;
  return (
    <div className={styles.report} aria-busy={report.isFetching}>
      <div className={styles.says}>
        <p>{kind.says}</p>
        <span className={styles.push} />
        <Narrow state={state} onChange={change} />
        <Button as="a" size="small" href={fileLink(kind.name, state, query, { format: "pdf", zone: zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone })} download icon={<ArrowDownload16Regular />} title="The whole report on paper. The download is recorded.">PDF</Button>
      </div>
      <RangeNote what="A report" />
      {report.error ? <ProblemNote error={report.error} onRetry={() => void report.refetch()} /> : !r ? <Skeleton aria-label="Counting" className={styles.wait}><SkeletonItem style={{ height: 72 }} /><SkeletonItem style={{ height }} /><SkeletonItem style={{ height: 240 }} /></Skeleton> : (
        <>
          <Figures report={r} />
          <Course report={r} state={state} onSplit={(split) => change({ split })} />
          {r.tables.map((t) => <Detail key={t.key} table={t} report={r} href={fileLink(kind.name, state, query, { format: "csv", table: t.key })} />)}
          <Foot report={r} />
        </>
      )}
    </div>
  );
}

/** Whom the report is about. */
function Narrow({ state, onChange }: { state: ReportState; onChange: (c: Partial<ReportState>) => void }) {
  const { data } = useOptions();
  if (!data) return null;
  const choices = [["domain", "All domains", data.domains], ["department", "All departments", data.departments], ["group", "All groups", data.groups]] as const;
  return (
    <>
      {choices.filter(([key, , list]) => list.length > 0 || state[key] !== "").map(([key, all, list]) => (
        <Select key={key} size="small" aria-label={`Only one ${key}`} value={state[key]} className={state[key] ? styles.chosen : ""} onChange={(_, d) => onChange({ [key]: d.value })}>
          <option value="">{all}</option>
          {state[key] !== "" && !list.some((c) => c.name === state[key]) && <option value={state[key]}>{state[key]}</option>}
          {list.map((c) => <option key={c.name} value={c.name} disabled={c.large}>{c.name}</option>)}
        </Select>
      ))}
    </>
  );
}

/** Explorer with what a number counts. */
export function explorerSearch(s: NonNullable<Schemas["ReportRow"]["explorer"]>) {
  return writeExplorer({ ...readExplorer({}), view: s.view, q: s.q, range: { from: s.from, to: s.to }, tab: "email" });
}

function Figures({ report }: { report: Report }) {
  return (
    <section className={`card ${styles.figures}`} aria-label="Figures">
      <dl>
        {report.figures.map((f) => (
          <div key={f.key} title={f.says}>
            <dt>{f.label}</dt>
            <dd className="num">{f.figure.explorer ? <Link to="/explorer" search={explorerSearch(f.figure.explorer)} preload={false} aria-label={`${number(f.figure.value)} ${f.label}: show in Explorer`}>{valueWords(f)}</Link> : valueWords(f)}</dd>
          </div>
        ))}
      </dl>
      <ShowKql label="Figures" asked={report.figures.map((f) => ({ label: f.label, says: f.says, kql: f.figure.kql }))} range={report} />
    </section>
  );
}

function Course({ report, state, onSplit }: { report: Report; state: ReportState; onSplit: (split: string) => void }) {
  const { setRange } = useTimeRange();
  const mode = useMode();
  const [table, setTable] = useState(false);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const c = report.chart;
  const chart = useMemo<Chart>(() => ({ from: report.from, to: report.to, bucket_seconds: c.bucket_seconds, starts: c.starts, series: c.series.map(({ key, label, other, total, counts }) => ({ key, label, other, total, counts })), total: c.series.reduce((n, s) => n + s.total, 0), mailboxes: 0, kql: c.kql, took_ms: report.took_ms }), [report, c]);
  const series = useMemo(() => seriesOf(chart, mode), [chart, mode]);
  return (
    <section className={`card ${styles.chart}`} aria-label="Over time">
      <div className={styles.charthead}>
        <Select size="small" aria-label="Split by" value={state.split || c.split} onChange={(_, d) => { setHidden([]); onSplit(d.value); }}>{c.splits.map((s) => <option key={s.key} value={s.key}>Split by {s.label.toLowerCase()}</option>)}</Select>
        <Legend series={series} hidden={hidden} onHide={setHidden} />
        <span className={styles.push} />
        <span className={styles.faded}>{c.what}s per {bucketName(c.bucket_seconds)}{c.overlaps && "; one can count in several"}</span>
        <ShowKql label="Chart" asked={[{ label: "Over time", says: "", kql: c.kql }]} range={report} />
        <Tooltip content={table ? "Show the chart" : "Show as a table"} relationship="label"><Button size="small" appearance="subtle" icon={table ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setTable(!table)} /></Tooltip>
      </div>
      {table ? <ChartTable chart={chart} series={series} height={height} /> : (
        <Suspense fallback={<div style={{ height }} />}><StackedTimeChart chart={chart} hidden={hidden} height={height} what={c.what === "email event" ? "count" : c.what} onZoom={(from, to) => setRange({ from, to })} onPoint={(s) => setHidden(hidden.length > 0 ? [] : series.filter((x) => x.key !== s.key).map((x) => x.key))} /></Suspense>
      )}
    </section>
  );
}

function Foot({ report }: { report: Report }) {
  const zone = useZone();
  const { data: coverage } = useCoverage();
  const gaps = report.coverage.gaps;
  return (
    <footer className={styles.foot} aria-label="Coverage">
      <p>{report.whom && `Only ${report.whom}. `}{gaps.length === 0 ? "Nothing is known to be missing in this time." : gaps.map((g) => g.text).join(" ")}</p>
      <span className={styles.faded}><CoverageNote coverage={coverage} tookMs={report.took_ms} /> · counted {full(new Date(report.as_of), zone)}</span>
    </footer>
  );
}
