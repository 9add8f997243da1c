import { Button } from "@fluentui/react-components";
import { BarChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useMemo, useRef, useState, type MouseEvent, type PointerEvent } from "react";
import { flushSync } from "react-dom";
import type { Chart } from "../../api/client";
import { useMode } from "../../theme/AppTheme";
import { roles } from "../../theme/tokens";
import { useZone } from "../../time/Clock";
import { clock, day, number, rfc3339 } from "../../time/zone";
import { Dismiss16Regular } from "../icons";
import { Untrusted } from "../Untrusted";
import { at, axis, seriesOf, sentence, sum, ticks, type Series } from "./model";
import styles from "./Chart.module.css";

echarts.use([BarChart, GridComponent, CanvasRenderer]);

const left = 44, right = 6, top = 10, bottom = 26;

interface Props {
  chart: Chart;
  /** Keys of series that are not drawn. */
  hidden: readonly string[];
  height: number;
  onZoom: (from: string, to: string) => void;
  /** A segment was pointed at; rect is where it stands on the screen, bucket which bar it is of. */
  onPoint: (series: Series, rect: DOMRect, bucket: number) => void;
  /** What is counted, as one of them. */
  what?: string;
  /** Steps of the scale. */
  parts?: number;
}

/** Email events over time, stacked. Drag to choose a time, click a segment for its menu. */
export function StackedTimeChart({ chart, hidden, height, onZoom, onPoint, what = "email event", parts = 3 }: Props) {
  const mode = useMode();
  const zone = useZone();
  const canvas = useRef<HTMLDivElement>(null);
  const drawn = useRef<echarts.ECharts>(undefined);
  const [width, setWidth] = useState(0);
  const [hover, setHover] = useState<number>();
  const [brush, setBrush] = useState<{ first: number; last: number; held: boolean }>();
  const anchor = useRef<{ x: number; i: number }>(undefined);
  const dragged = useRef(false);

  const all = useMemo(() => seriesOf(chart, mode), [chart, mode]);
  const shown = useMemo(() => all.filter((s) => !hidden.includes(s.key)), [all, hidden]);
  const n = chart.starts.length;
  const scale = useMemo(() => axis(Math.max(0, ...chart.starts.map((_, i) => sum(shown, i, i))), parts), [chart, shown, parts]);
  const plot = Math.max(1, width - left - right);

  useEffect(() => setBrush(undefined), [chart.from, chart.to, chart.bucket_seconds]);

  useEffect(() => {
    const place = canvas.current;
    if (!place) return;
    const c = echarts.init(place);
    drawn.current = c;
    const watch = new ResizeObserver(() => {
      c.resize();
      setWidth(place.clientWidth);
    });
    watch.observe(place);
    // On paper it has another width, and nobody waits for the observer.
    const print = () => {
      c.resize();
      flushSync(() => setWidth(place.clientWidth));
    };
    addEventListener("beforeprint", print);
    return () => {
      removeEventListener("beforeprint", print);
      watch.disconnect();
      c.dispose();
      drawn.current = undefined;
    };
  }, []);

  useEffect(() => {
    const r = roles[mode];
    const words = ticks(chart.starts, chart.bucket_seconds, zone, plot);
    const text = { color: r.ink3, fontFamily: "Inter Variable", fontSize: 11 };
    drawn.current?.setOption(
      {
        animation: false,
        textStyle: { fontFamily: "Inter Variable" },
        grid: { left, right, top, bottom, containLabel: false },
        xAxis: {
          type: "category", data: chart.starts.map((_, i) => i),
          axisLine: { lineStyle: { color: r.stroke } }, axisTick: { show: false },
          axisLabel: { ...text, interval: (i: number) => words.has(i), formatter: (_: string, i: number) => words.get(i) ?? "", hideOverlap: false, margin: 8 },
        },
        yAxis: {
          type: "value", min: 0, max: scale.max, interval: scale.interval,
          axisLabel: { ...text, formatter: (v: number) => number(v) }, splitLine: { lineStyle: { color: r.line2 } },
        },
        series: shown.map((s) => ({
          type: "bar", stack: "all", name: s.label, data: s.counts, silent: true, barCategoryGap: n > 200 ? "8%" : "18%", barMaxWidth: 36, itemStyle: { color: s.color },
        })),
      },
      { notMerge: true },
    );
  }, [chart, shown, scale, mode, zone, plot, n]);

  const bucketAt = (e: MouseEvent<HTMLElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    return Math.min(n - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * n)));
  };
  const down = (e: PointerEvent<HTMLDivElement>) => {
    if (e.button !== 0 || n === 0) return;
    e.currentTarget.setPointerCapture(e.pointerId);
    anchor.current = { x: e.clientX, i: bucketAt(e) };
    dragged.current = false;
    setBrush(undefined);
  };
  const move = (e: PointerEvent<HTMLDivElement>) => {
    if (n === 0) return;
    const i = bucketAt(e);
    setHover(i);
    const a = anchor.current;
    if (!a || (!dragged.current && Math.abs(e.clientX - a.x) <= 4)) return;
    dragged.current = true;
    setBrush({ first: Math.min(a.i, i), last: Math.max(a.i, i), held: true });
  };
  const point = (e: MouseEvent<HTMLElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    const i = bucketAt(e);
    const s = at(shown, i, (1 - (e.clientY - box.top) / box.height) * scale.max);
    if (s) onPoint(s, new DOMRect(box.left + (i / n) * box.width, e.clientY - 8, box.width / n, 16), i);
  };
  const up = () => {
    anchor.current = undefined;
    setBrush((b) => (b ? { ...b, held: false } : b));
  };

  const start = (i: number) => new Date(chart.starts[i] ?? chart.to);
  const end = (i: number) => new Date(start(i).getTime() + chart.bucket_seconds * 1000);
  const range = (a: Date, b: Date) => (day(a, zone) === day(b, zone) ? `${clock(a, zone)} – ${clock(b, zone)}` : `${day(a, zone)} ${clock(a, zone)} – ${day(b, zone)} ${clock(b, zone)}`);
  const zoom = () => {
    if (brush) onZoom(rfc3339(start(brush.first)), rfc3339(end(brush.last)));
  };

  return (
    <figure className={styles.chart} style={{ height }} aria-label={sentence(chart, all, zone, what)}>
      <div ref={canvas} className={styles.canvas} aria-hidden="true" />
      <div
        className={styles.plot}
        style={{ left, right, top, bottom }}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onPointerLeave={() => setHover(undefined)}
        // Not on pointerup: the click that follows it would close the menu again.
        onClick={(e) => !dragged.current && point(e)}
        onContextMenu={(e) => {
          e.preventDefault();
          point(e);
        }}
      >
        {brush && <div className={styles.brush} style={{ left: `${(brush.first / n) * 100}%`, width: `${((brush.last - brush.first + 1) / n) * 100}%` }} />}
        {hover !== undefined && !brush && <div className={styles.cursor} style={{ left: `${(hover / n) * 100}%`, width: `${100 / n}%` }} />}
      </div>
      {brush && (
        <div className={styles.brushed} style={place((brush.first + brush.last + 1) / 2 / n)}>
          <b className="num">{range(start(brush.first), end(brush.last))}</b>
          <span className="num">· {number(sum(shown, brush.first, brush.last))} {what}s</span>
          {!brush.held && (
            <>
              <Button size="small" appearance="primary" onClick={zoom}>Zoom</Button>
              <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Clear" onClick={() => setBrush(undefined)} />
            </>
          )}
        </div>
      )}
      {hover !== undefined && !brush && (
        <div className={styles.tip} style={place((hover + 0.5) / n)} role="presentation">
          <b className="num">{range(start(hover), end(hover))}</b>
          <dl>
            {[...shown].reverse().filter((s) => (s.counts[hover] ?? 0) > 0).map((s) => (
              <div key={s.key}>
                <dt><i style={{ background: s.color }} /><span className="clip"><Untrusted text={s.label} /></span></dt>
                <dd className="num">{number(s.counts[hover] ?? 0)}</dd>
              </div>
            ))}
          </dl>
          {sum(shown, hover, hover) === 0 && <span>No {what}</span>}
        </div>
      )}
    </figure>
  );

  // Beside the point, on the side where there is room.
  function place(part: number) {
    const x = left + part * plot;
    return part > 0.5 ? { right: width - x + 12 } : { left: x + 12 };
  }
}
