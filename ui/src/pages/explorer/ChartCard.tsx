import { Button, Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useExplorer, useTimeRange } from "../../address/useAddress";
import { Legend } from "../../components/chart/Legend";
import { seriesOf, type Series } from "../../components/chart/model";
import { FacetList } from "../../components/FacetList";
import { ChevronDown16Regular, ChevronUp16Regular, DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useValueMenu } from "../../components/ValueMenu";
import { ChartTable } from "../../components/chart/ChartTable";
import { useFields } from "../../filter/useFilter";
import { useMode } from "../../theme/AppTheme";
import { bucketName } from "../../time/zone";
import styles from "./Explorer.module.css";
import { useChart, useFacet } from "./queries";

const StackedTimeChart = lazy(() => import("../../components/chart/StackedTimeChart").then((m) => ({ default: m.StackedTimeChart })));

const height = 160;

/** Mail over time and the values of one column beside it; folds to its head. */
export function ChartCard() {
  const [state, change] = useExplorer();
  const { setRange } = useTimeRange();
  const { splits, byName } = useFields();
  const mode = useMode();
  const [table, setTable] = useState(false);
  const openMenu = useValueMenu();
  const chart = useChart(state.split);
  const [long, setLong] = useState(false);
  useEffect(() => setLong(false), [state.facet, state.rare]);
  const facet = useFacet(state.facet, state.rare ? "rare" : "top", long ? 100 : 5, !state.folded);
  const series = useMemo(() => (chart.data ? seriesOf(chart.data, mode) : []), [chart.data, mode]);
  const splitName = splits.find((s) => s.key === state.split)?.label ?? "delivery action";

  // A series is a value where its column can be filtered; an outcome is worked out from several columns, so it is shown alone instead.
  const menu = (s: Series, target: HTMLElement | { getBoundingClientRect: () => DOMRect }) => {
    if (byName.has(state.split)) {
      if (s.label !== "Other") openMenu({ field: state.split, value: s.key, target });
    } else {
      const others = series.filter((x) => x.key !== s.key).map((x) => x.key);
      change({ hidden: state.hidden.length === others.length ? [] : others }, { replace: true });
    }
  };
  return (
    <section className={`${styles.chartcard} card`} aria-label="Mail over time">
      <div className={styles.chartside}>
        <div className={styles.charthead}>
          <Menu checkedValues={{ split: [state.split] }} onCheckedValueChange={(_, d) => d.checkedItems.at(-1) && change({ split: d.checkedItems.at(-1)!, hidden: [] })}>
            <MenuTrigger disableButtonEnhancement>
              <button type="button" className={styles.split}>Split by {splitName.charAt(0).toLowerCase() + splitName.slice(1)}<ChevronDown16Regular aria-hidden /></button>
            </MenuTrigger>
            <MenuPopover className={styles.splits}><MenuList>{splits.map((s) => <MenuItemRadio key={s.key} name="split" value={s.key}>{s.label}</MenuItemRadio>)}</MenuList></MenuPopover>
          </Menu>
          <Legend series={series} hidden={state.hidden} onHide={(hidden) => change({ hidden }, { replace: true })} onMenu={menu} />
          <span className={styles.push} />
          {chart.data && <span className={styles.unit}>Email events per {bucketName(chart.data.bucket_seconds)}</span>}
          {!state.folded && (
            <Tooltip content={table ? "Show the chart" : "Show as a table"} relationship="label">
              <Button size="small" appearance="subtle" icon={table ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setTable(!table)} />
            </Tooltip>
          )}
          <Tooltip content={state.folded ? "Unfold" : "Fold"} relationship="label">
            <Button size="small" appearance="subtle" aria-expanded={!state.folded} icon={state.folded ? <ChevronDown16Regular /> : <ChevronUp16Regular />} onClick={() => change({ folded: !state.folded }, { replace: true })} />
          </Tooltip>
        </div>
        {!state.folded && (
          <div className={chart.isPlaceholderData ? styles.stale : undefined}>
            {chart.error ? <ProblemNote error={chart.error} onRetry={() => void chart.refetch()} /> : !chart.data ? (
              <Skeleton aria-label="Counting"><SkeletonItem style={{ height: height - 16, margin: 8 }} /></Skeleton>
            ) : table ? (
              <ChartTable chart={chart.data} series={series} height={height} />
            ) : (
              <Suspense fallback={<div style={{ height }} />}>
                <StackedTimeChart chart={chart.data} hidden={state.hidden} height={height} onZoom={(from, to) => setRange({ from, to })} onPoint={(s, rect) => menu(s, { getBoundingClientRect: () => rect })} />
              </Suspense>
            )}
          </div>
        )}
      </div>
      {!state.folded && (
        <div className={styles.facetside}>
          <FacetList field={state.facet} rare={state.rare} facet={facet.data} error={facet.error} onField={(f) => change({ facet: f }, { replace: true })} onOrder={(rare) => change({ rare }, { replace: true })} onMore={long ? undefined : () => setLong(true)} />
        </div>
      )}
    </section>
  );
}
