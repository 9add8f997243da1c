import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { useTimeRange } from "../../address/useAddress";
import type { Chart } from "../../api/client";
import { ChartTable } from "../../components/chart/ChartTable";
import { seriesOf, type Series } from "../../components/chart/model";
import { DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { useMode } from "../../theme/AppTheme";
import { number } from "../../time/zone";
import { explorerWay, FigureLink } from "./FigureLink";
import styles from "./Dashboard.module.css";
import type { Board, Figure, Trend } from "./shapes";
import { fewer } from "./words";

const StackedTimeChart = lazy(() => import("../../components/chart/StackedTimeChart").then((m) => ({ default: m.StackedTimeChart })));

const other = "other";

/** Mail over time in series. A segment and the number in the legend lead to Explorer; a name in the legend shows that series alone. */
export function TrendChart({ trend, board, height, what, most = 8, tools, aside }: { trend: Trend; board: Board; height: number; what: string; most?: number; tools?: ReactNode; aside?: ReactNode }) {
  const mode = useMode();
  const navigate = useNavigate();
  const { setRange } = useTimeRange();
  const [all, setAll] = useState(false);
  const [alone, setAlone] = useState<string>();
  const [table, setTable] = useState(false);
  const { series: some, rest } = useMemo(() => fewer(trend, all ? 99 : most), [trend, all, most]);
  const chart = useMemo((): Chart => {
    const series = some.map((s) => ({ key: s.key, label: s.label, total: s.total.value, counts: s.counts }));
    if (rest.length > 0) series.push({ key: other, label: "Other", total: rest.reduce((n, s) => n + s.total.value, 0), counts: trend.starts.map((_, i) => rest.reduce((n, s) => n + (s.counts[i] ?? 0), 0)) });
    return { from: board.from, to: board.to, bucket_seconds: trend.bucket_seconds, starts: trend.starts, series, total: series.reduce((n, s) => n + s.total, 0), mailboxes: 0, took_ms: 0, kql: "" };
  }, [some, rest, trend, board.from, board.to]);
  const series = useMemo(() => seriesOf(chart, mode), [chart, mode]);
  const figures = useMemo(() => new Map<string, Figure>(trend.series.map((s) => [s.key, s.total])), [trend]);
  const hidden = alone !== undefined && series.some((s) => s.key === alone) ? series.filter((s) => s.key !== alone).map((s) => s.key) : [];
  const open = (s: Series, bucket: number) => {
    const e = figures.get(s.key)?.explorer;
    const start = Date.parse(trend.starts[bucket] ?? "");
    if (!e || Number.isNaN(start)) return;
    const iso = (t: number) => new Date(t).toISOString();
    void navigate(explorerWay({ ...e, from: iso(Math.max(Date.parse(e.from), start)), to: iso(Math.min(Date.parse(e.to), start + trend.bucket_seconds * 1000)) }) as never);
  };
  return (
    <div className={styles.trend}>
      <div className={styles.legendline}>
        <ul className={styles.legend} aria-label="Legend">
          {series.map((s) => (
            <li key={s.key} data-off={hidden.includes(s.key) || undefined}>
              {s.key === other && rest.length > 0 ? (
                <button type="button" title="Show them all" onClick={() => setAll(true)}><i style={{ background: s.color }} />Other ({rest.length})</button>
              ) : (
                <button type="button" aria-pressed={alone === s.key} title="Click: this alone" onClick={() => setAlone(alone === s.key ? undefined : s.key)}><i style={{ background: s.color }} /><span className="clip">{s.label}</span></button>
              )}
              {figures.has(s.key) ? <FigureLink figure={figures.get(s.key)!} of={s.label} /> : <b className="num">{number(s.total)}</b>}
            </li>
          ))}
        </ul>
        {aside}
        {tools}
        <button type="button" className={styles.iconbutton} aria-label={table ? "Show as a chart" : "Show as a table"} title={table ? "Show as a chart" : "Show as a table"} onClick={() => setTable(!table)}>
          {table ? <DataHistogram20Regular aria-hidden /> : <Table20Regular aria-hidden />}
        </button>
      </div>
      {table ? <ChartTable chart={chart} series={series.filter((s) => !hidden.includes(s.key))} height={height} /> : (
        <Suspense fallback={<div style={{ height }} />}>
          <StackedTimeChart chart={chart} hidden={hidden} height={height} what={what} parts={height >= 200 ? 5 : 3} onZoom={(from, to) => setRange({ from, to })} onPoint={(s, _, bucket) => open(s, bucket)} />
        </Suspense>
      )}
    </div>
  );
}
