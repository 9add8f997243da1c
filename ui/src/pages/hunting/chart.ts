// What a chart of a result shows, without drawing it: which columns stand where, in which order and colour, and what was left out.
// The query may ask for a chart (render), and a person may choose another.

import type { ChartChoice, ChartKind } from "../../address/hunting";
import { revealed } from "../../text/reveal";
import { plain, tones, type Mode } from "../../theme/tokens";
import { both, clock, day, number, year, type Zone } from "../../time/zone";
import { meaningOf } from "./meaning";
import type { HuntColumn, HuntRender } from "./shapes";

/** More bars than this cannot be read; more lines cannot be told apart; more points are only slow. */
export const mostBars = 40, mostSeries = 10, mostPoints = 5000;

export interface Wish {
  kind: ChartKind;
  stacked: boolean;
  /** Index of the column along the axis, of those that are drawn, and of the one that makes a series of each of its values; -1 for none. */
  x: number;
  y: readonly number[];
  by: number;
  title: string;
}

const numeric = new Set(["int", "long", "real", "decimal"]);
export const isNumber = (c: HuntColumn) => numeric.has(c.type);

const kinds: Record<string, [kind: ChartKind, stacked: boolean]> = {
  timechart: ["line", false], linechart: ["line", false], anomalychart: ["line", false], areachart: ["area", false], stackedareachart: ["area", true],
  barchart: ["bar", false], columnchart: ["column", false], piechart: ["bar", false], scatterchart: ["scatter", false],
};

/** What render asks for that this page does not draw: its name; undefined when it draws it, or nothing is asked for. */
export function undrawn(render: HuntRender | undefined): string | undefined {
  return render && render.kind !== "table" && !Object.hasOwn(kinds, render.kind) ? render.kind : undefined;
}

/** Which columns a chart of this result is made of; undefined when it has none that could be drawn, or nobody asks for one. */
export function wishOf(columns: readonly HuntColumn[], render: HuntRender | undefined, choice: ChartChoice): Wish | undefined {
  if (choice.kind === "none") return undefined;
  const asked = render && Object.hasOwn(kinds, render.kind) ? kinds[render.kind]! : undefined;
  const kind = choice.kind ?? asked?.[0];
  if (!kind) return undefined;
  const p = asked ? (render?.properties ?? {}) : {};
  const at = (name: string | undefined) => (name ? columns.findIndex((c) => c.name === name) : -1);
  let x = at(choice.x) >= 0 ? at(choice.x) : at(p.xcolumn);
  if (x < 0) {
    const time = columns.findIndex((c) => c.type === "datetime");
    if (render?.kind === "timechart" || kind === "line" || kind === "area") x = time;
    if (x < 0 && kind === "scatter") x = columns.findIndex(isNumber);
    if (x < 0) x = columns.findIndex((c) => !isNumber(c) && c.type !== "dynamic");
    if (x < 0) x = columns.findIndex((c) => c.type !== "dynamic");
  }
  if (x < 0) return undefined;
  let y = [at(choice.y)].filter((i) => i >= 0);
  if (y.length === 0) y = (p.ycolumns ?? []).map(at).filter((i) => i >= 0);
  if (y.length === 0) y = columns.flatMap((c, i) => (isNumber(c) && i !== x ? [i] : []));
  if (y.length === 0) return undefined;
  let by = choice.by === "-" ? -1 : at(choice.by);
  if (by < 0 && choice.by !== "-") by = at(p.series?.[0]);
  if (by < 0 && choice.by !== "-") by = columns.findIndex((c, i) => i !== x && !y.includes(i) && (c.type === "string" || c.type === "bool" || c.type === "guid"));
  const stacked = p.kind ? p.kind.startsWith("stacked") : (asked?.[1] ?? false) || (kind === "column" && by >= 0);
  return { kind, stacked: stacked && kind !== "scatter" && kind !== "line", x, y: by >= 0 ? y.slice(0, 1) : y, by, title: render?.title ?? "" };
}

export interface DrawnSeries {
  label: string;
  color: string;
  /** A number for each place on the axis; for points, pairs. */
  values: readonly (number | null)[];
  points: readonly (readonly [number, number])[];
  total: number;
  /** Value of the column that makes series, for its menu. */
  value: string | undefined;
}

export interface Drawing {
  kind: ChartKind;
  stacked: boolean;
  axis: "time" | "number" | "text";
  /** Places on the axis, in order: values as they are, and as they are read. */
  keys: readonly string[];
  labels: readonly string[];
  colors: readonly (string | undefined)[];
  series: readonly DrawnSeries[];
  x: HuntColumn;
  y: readonly HuntColumn[];
  by: HuntColumn | undefined;
  /** What is not in it, and what was added up, as sentences. */
  notes: readonly string[];
}

const amount = (v: unknown): number | null => {
  const n = typeof v === "number" ? v : typeof v === "string" && v !== "" ? Number(v) : NaN;
  return Number.isFinite(n) ? n : null;
};

const text = (v: unknown): string => (v === null || v === undefined ? "" : typeof v === "object" ? JSON.stringify(v) : String(v));

/** Bars say how much, so the largest come first, unless the axis has an order of its own. */
export function draw(columns: readonly HuntColumn[], rows: readonly (readonly unknown[])[], wish: Wish, mode: Mode, zone: Zone): Drawing {
  const x = columns[wish.x]!;
  const y = wish.y.map((i) => columns[i]!);
  const by = wish.by >= 0 ? columns[wish.by] : undefined;
  const axis = x.type === "datetime" ? "time" : isNumber(x) ? "number" : "text";
  const notes: string[] = [];
  if (wish.kind === "scatter" && axis !== "text") return scatter(rows, wish, { x, y, by, axis }, mode, notes);

  // Sums by series and place.
  const sums = new Map<string, Map<string, number>>();
  const places = new Map<string, number>();
  let twice = false;
  const put = (series: string, place: string, v: unknown) => {
    const n = amount(v);
    if (n === null) return;
    const of = sums.get(series) ?? new Map<string, number>();
    sums.set(series, of);
    twice ||= of.has(place);
    of.set(place, (of.get(place) ?? 0) + n);
    places.set(place, (places.get(place) ?? 0) + Math.abs(n));
  };
  for (const r of rows) {
    const place = text(r[wish.x]);
    if (by) put(text(r[wish.by]), place, r[wish.y[0]!]);
    else wish.y.forEach((i) => put(columns[i]!.name, place, r[i]));
  }
  if (twice) notes.push(`Several rows have the same ${revealed(x.name)}${by ? ` and ${revealed(by.name)}` : ""}: their sum is drawn.`);

  let keys = [...places.keys()];
  const ordered = axis !== "text";
  if (axis === "time") keys.sort((a, b) => Date.parse(a) - Date.parse(b));
  else if (axis === "number") keys.sort((a, b) => Number(a) - Number(b));
  const bars = wish.kind === "bar" || (wish.kind === "column" && !ordered);
  const most = bars ? mostBars : mostPoints;
  if (keys.length > most) {
    if (!ordered) {
      const all = keys.length;
      const kept = new Set([...keys].sort((a, b) => places.get(b)! - places.get(a)!).slice(0, most));
      keys = keys.filter((k) => kept.has(k));
      notes.push(`The ${number(most)} largest of ${number(all)}.`);
    } else {
      notes.push(`The last ${number(most)} of ${number(keys.length)}.`);
      keys = keys.slice(-most);
    }
  }
  const totalOf = (name: string) => [...sums.get(name)!.values()].reduce((n, v) => n + v, 0);
  let names = [...sums.keys()];
  if (names.length > mostSeries) {
    const order = names.map((n) => [n, Math.abs(totalOf(n))] as const).sort((a, b) => b[1] - a[1]);
    const rest = order.slice(mostSeries - 1).map(([n]) => n);
    const other = new Map<string, number>();
    for (const n of rest) {
      for (const [k, v] of sums.get(n)!) other.set(k, (other.get(k) ?? 0) + v);
      sums.delete(n);
    }
    names = [...order.slice(0, mostSeries - 1).map(([n]) => n), others];
    sums.set(others, other);
    notes.push(`The ${mostSeries - 1} largest of ${number(order.length)} series; the others are added up.`);
  }
  const palette = plain[mode];
  const series = names.map((name, i): DrawnSeries => {
    const meaning = by ? meaningOf(by.name, name) : undefined;
    const of = sums.get(name)!;
    return {
      label: name === others ? "Other" : name === "" ? "(empty)" : name, value: by && name !== others ? name : undefined,
      color: meaning ? tones[mode][meaning].solid : name === others ? palette.at(-1)! : palette[i % (palette.length - 1)]!,
      values: keys.map((k) => of.get(k) ?? null), points: [], total: totalOf(name),
    };
  });
  const years = axis === "time" && manyYears(keys, zone);
  // One series of bars takes its colours from its values, where those have a meaning.
  const colors = keys.map((k) => {
    const m = by || wish.y.length > 1 ? undefined : meaningOf(x.name, k);
    return m && tones[mode][m].solid;
  });
  return { kind: wish.kind, stacked: wish.stacked, axis, keys, labels: keys.map((k) => label(k, axis, zone, years)), colors, series, x, y, by, notes };
}

/** No value can be this: it holds a character that text never has. */
const others = "\u0000other";

function scatter(rows: readonly (readonly unknown[])[], wish: Wish, head: Pick<Drawing, "x" | "y" | "by" | "axis">, mode: Mode, notes: string[]): Drawing {
  const sets = new Map<string, [number, number][]>();
  let left = mostPoints, all = 0;
  for (const r of rows) {
    const at = head.axis === "time" ? Date.parse(text(r[wish.x])) : amount(r[wish.x]);
    if (at === null || Number.isNaN(at)) continue;
    wish.y.forEach((i, n) => {
      const v = amount(r[i]);
      if (v === null) return;
      all++;
      if (left-- <= 0) return;
      const name = wish.by >= 0 ? text(r[wish.by]) : head.y[n]!.name;
      const set = sets.get(name) ?? [];
      sets.set(name, set);
      set.push([at, v]);
    });
  }
  if (all > mostPoints) notes.push(`The first ${number(mostPoints)} of ${number(all)} points.`);
  const palette = plain[mode];
  const series = [...sets].map(([name, points], i): DrawnSeries => {
    const meaning = head.by ? meaningOf(head.by.name, name) : undefined;
    return { label: name === "" ? "(empty)" : name, value: head.by ? name : undefined, color: meaning ? tones[mode][meaning].solid : palette[i % (palette.length - 1)]!, values: [], points, total: points.length };
  });
  const shown = series.slice(0, mostSeries);
  if (shown.length < series.length) notes.push(`The first ${mostSeries} of ${number(series.length)} series.`);
  return { kind: "scatter", stacked: false, keys: [], labels: [], colors: [], series: shown, notes, ...head };
}

function label(key: string, axis: Drawing["axis"], zone: Zone, years: boolean): string {
  if (key === "") return "(empty)";
  if (axis === "time") return moment(new Date(key), zone, years);
  return axis === "number" ? number(Number(key)) : revealed(key);
}

/** A time on an axis: whole days without a clock, and the year where the chart has more than one. */
export function moment(t: Date, zone: Zone, years = false): string {
  if (Number.isNaN(t.getTime())) return "";
  const c = clock(t, zone, t.getUTCSeconds() !== 0);
  return `${day(t, zone)}${years ? ` ${year(t, zone)}` : ""}${c === "00:00" ? "" : ` ${c}`}`;
}

/** Whether times of the axis fall into more than one year. */
function manyYears(keys: readonly string[], zone: Zone): boolean {
  const first = keys[0], last = keys.at(-1);
  return first !== undefined && last !== undefined && year(new Date(first), zone) !== year(new Date(last), zone);
}

/** The chart in a sentence, for whoever does not see it. */
export function sentence(d: Drawing): string {
  const of = d.series.map((s) => revealed(s.label)).slice(0, 5).join(", ");
  const first = d.keys[0], last = d.keys.at(-1);
  const span = d.axis === "time" && first && last ? ` from ${both(new Date(first)).split("\n")[0]} to ${both(new Date(last)).split("\n")[0]}` : d.keys.length > 0 ? ` for ${number(d.keys.length)} values` : "";
  return `${d.y.map((c) => revealed(c.name)).join(", ")} by ${revealed(d.x.name)}${d.by ? ` and ${revealed(d.by.name)}` : ""}${span}${d.series.length > 1 ? `: ${of}` : ""}.`;
}
