import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "react";
import { revealed } from "../../text/reveal";
import { useMode } from "../../theme/AppTheme";
import { roles } from "../../theme/tokens";
import { useZone } from "../../time/Clock";
import { number } from "../../time/zone";
import { moment, sentence, type Drawing } from "./chart";
import styles from "./Hunting.module.css";

echarts.use([BarChart, LineChart, ScatterChart, GridComponent, TooltipComponent, CanvasRenderer]);

interface Props {
  drawing: Drawing;
  /** Something was pointed at: its place on the axis and its series. */
  onPoint: (key: string | undefined, series: number, rect: DOMRect) => void;
}

const short = (s: string, n: number) => (s.length > n ? s.slice(0, n - 1) + "…" : s);

/** Draws it on a canvas: text of mail is painted there, never markup. */
export function ResultChart({ drawing: d, onPoint }: Props) {
  const mode = useMode();
  const zone = useZone();
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<echarts.ECharts>(undefined);
  const point = useRef(onPoint);
  useEffect(() => {
    point.current = onPoint;
  });
  const [width, setWidth] = useState(360);
  const bar = d.kind === "bar";
  const height = bar ? Math.max(120, Math.min(900, d.keys.length * (d.stacked || d.series.length === 1 ? 34 : 14 + 14 * d.series.length) + 36)) : 260;

  useEffect(() => {
    if (!place.current) return;
    const el = place.current;
    const c = echarts.init(el);
    drawn.current = c;
    c.on("click", (e) => {
      const at = (e.event as unknown as { event: MouseEvent } | undefined)?.event;
      if (at) point.current(typeof e.dataIndex === "number" ? String(e.dataIndex) : undefined, e.seriesIndex ?? 0, new DOMRect(at.clientX - 4, at.clientY - 4, 8, 8));
    });
    const watch = new ResizeObserver(() => {
      c.resize();
      setWidth(el.clientWidth);
    });
    watch.observe(el);
    return () => {
      watch.disconnect();
      c.dispose();
      drawn.current = undefined;
    };
  }, []);

  useEffect(() => {
    const r = roles[mode];
    const text = { color: r.ink2, fontFamily: "Inter Variable", fontSize: 12 };
    const quiet = { color: r.ink3, fontFamily: "Inter Variable", fontSize: 11 };
    const values = { type: "value" as const, axisLabel: { ...quiet, formatter: (v: number) => (Math.abs(v) >= 1e6 ? `${number(v / 1e6)} M` : number(v)) }, splitLine: { lineStyle: { color: r.line2 } }, splitNumber: bar ? 4 : 5, scale: d.kind === "scatter" };
    const line = { axisLine: { lineStyle: { color: r.stroke } }, axisTick: { show: false } };
    const labelWidth = Math.min(150, Math.max(40, Math.max(0, ...d.labels.map((l) => l.length)) * 6.6));
    const places = d.axis === "text" || bar || d.kind === "column"
      ? { type: "category" as const, data: d.labels.map((l) => short(l, 40)), ...line, axisLabel: bar ? { ...text, width: labelWidth, overflow: "truncate" as const, margin: 10 } : { ...quiet, ...(d.axis === "text" ? { width: Math.max(56, (width - 60) / Math.max(1, Math.min(d.keys.length, 8))), overflow: "truncate" as const } : {}), hideOverlap: true, rotate: 0 } }
      : d.axis === "time"
        ? { type: "time" as const, ...line, splitNumber: Math.max(2, Math.floor(width / 130)), axisLabel: { ...quiet, hideOverlap: true, formatter: (v: number) => moment(new Date(v), zone) } }
        : { type: "value" as const, ...line, scale: true, splitLine: { show: false }, axisLabel: { ...quiet, hideOverlap: true, formatter: (v: number) => number(v) } };
    const category = places.type === "category";
    const alone = d.series.length === 1;
    const series = d.series.map((s) => {
      const data = d.kind === "scatter" && s.points.length > 0 ? s.points.map((p) => [...p])
        : category ? s.values.map((v, i) => (alone && d.colors[i] ? { value: v, itemStyle: { color: d.colors[i] } } : v))
          : s.values.flatMap((v, i) => (v === null ? [] : [[d.axis === "time" ? Date.parse(d.keys[i]!) : Number(d.keys[i]), v]]));
      const shared = { name: revealed(s.label), data, itemStyle: { color: s.color }, ...(d.stacked ? { stack: "all" } : {}) };
      if (d.kind === "scatter") return { ...shared, type: "scatter" as const, symbolSize: 7 };
      if (d.kind === "line" || d.kind === "area") return { ...shared, type: "line" as const, lineStyle: { color: s.color, width: 2 }, symbolSize: 5, showSymbol: d.keys.length <= 60, triggerLineEvent: true, ...(d.kind === "area" ? { areaStyle: { color: s.color, opacity: d.stacked ? 0.75 : 0.2 } } : {}) };
      return { ...shared, type: "bar" as const, barMaxWidth: 26, barCategoryGap: "30%", ...(bar && alone ? { label: { show: true, position: "right" as const, color: r.ink, fontFamily: "Inter Variable", fontSize: 12, fontWeight: 600, formatter: (p: { value: unknown }) => number(Number(p.value)) } } : {}) };
    });
    drawn.current?.setOption({
      animation: false,
      textStyle: { fontFamily: "Inter Variable" },
      grid: bar ? { left: labelWidth + 14, right: alone ? 52 : 16, top: 4, bottom: 26 } : { left: 48, right: 16, top: 12, bottom: 28 },
      xAxis: bar ? values : places,
      yAxis: bar ? { ...places, inverse: true } : values,
      // Painted, not built of elements: no style attributes, and no markup.
      tooltip: { trigger: d.kind === "scatter" ? "item" : "axis", renderMode: "richText", confine: true, backgroundColor: r.pop, borderColor: r.line, textStyle: { ...text, color: r.ink }, axisPointer: { type: bar || d.kind === "column" ? "shadow" : "line", lineStyle: { color: r.stroke }, shadowStyle: { color: r.ink, opacity: 0.04 } },
        formatter: (p: unknown) => tip(p, d, zone) },
      series,
    } as echarts.EChartsCoreOption, { notMerge: true });
    drawn.current?.resize();
  }, [d, mode, zone, width, bar, height]);

  return (
    <figure aria-label={sentence(d)} className={styles.figure} style={{ height }}>
      <div ref={place} aria-hidden="true" style={{ height }} />
    </figure>
  );
}

interface Point { seriesIndex: number; dataIndex: number; value: unknown; axisValue?: unknown }

function tip(p: unknown, d: Drawing, zone: "utc" | "local"): string {
  const list = (Array.isArray(p) ? p : [p]) as Point[];
  const first = list[0];
  if (!first) return "";
  const pair = Array.isArray(first.value) ? (first.value as number[]) : undefined;
  const head = pair ? (d.axis === "time" ? moment(new Date(pair[0]!), zone) : number(pair[0]!)) : (d.labels[first.dataIndex] ?? "");
  const lines = list.flatMap((x) => {
    const v = Array.isArray(x.value) ? (x.value as number[])[1] : x.value;
    return v === null || v === undefined ? [] : [`${short(revealed(d.series[x.seriesIndex]?.label ?? ""), 40)}: ${number(Number(v))}`];
  });
  return [short(head, 60), ...lines].join("\n");
}
