import { Button, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { readExplorer, writeExplorer } from "../../address/explorer";
import { ChartTable } from "../../components/chart/ChartTable";
import { Legend } from "../../components/chart/Legend";
import { seriesOf } from "../../components/chart/model";
import { DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useMode } from "../../theme/AppTheme";
import { bucketName } from "../../time/zone";
import styles from "./Campaigns.module.css";
import { useCampaignChart, type Campaign } from "./queries";

const StackedTimeChart = lazy(() => import("../../components/chart/StackedTimeChart").then((m) => ({ default: m.StackedTimeChart })));
const height = 160;

/** The campaign's mail over time, by what became of it. */
export function TimelineCard({ of: c }: { of: Campaign }) {
  const chart = useCampaignChart(c);
  const mode = useMode();
  const navigate = useNavigate();
  const [table, setTable] = useState(false);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const series = useMemo(() => (chart.data ? seriesOf(chart.data, mode) : []), [chart.data, mode]);
  return (
    <section className={`card ${styles.block}`} aria-labelledby="timeline-title">
      <div className={styles.title}>
        <h2 id="timeline-title">Over time</h2>
        <Legend series={series} hidden={hidden} onHide={setHidden} />
        <i className={styles.push} />
        {chart.data && <span className={styles.faded}>Deliveries per {bucketName(chart.data.bucket_seconds)}</span>}
        <Tooltip content={table ? "Show the chart" : "Show as a table"} relationship="label"><Button size="small" appearance="subtle" icon={table ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setTable(!table)} /></Tooltip>
      </div>
      {chart.error ? <ProblemNote error={chart.error} onRetry={() => void chart.refetch()} /> : !chart.data ? <Skeleton aria-label="Counting"><SkeletonItem style={{ height }} /></Skeleton> : table ? <ChartTable chart={chart.data} series={series} height={height} /> : (
        <Suspense fallback={<div style={{ height }} />}>
          <StackedTimeChart chart={chart.data} hidden={hidden} height={height} what="delivery" onZoom={(from, to) => void navigate({ to: "/explorer", search: writeExplorer(readExplorer({ q: c.explorer.q, from, to })) })} onPoint={(s) => setHidden(hidden.length > 0 ? [] : series.filter((x) => x.key !== s.key).map((x) => x.key))} />
        </Suspense>
      )}
    </section>
  );
}
