// What the chart shows, without the chart: order, colours, sums, words. Pure, so that it can be tested.

import type { Chart } from "../../api/client";
import { plain, tones, type Mode } from "../../theme/tokens";
import { revealed } from "../../text/reveal";
import { bucketName, clock, day, number, weekday, type Zone } from "../../time/zone";
import { isOutcome, outcomes } from "../outcome";

export interface Series { key: string; label: string; color: string; total: number; counts: readonly number[] }

/** From bottom to top: clean mail first, delivered threats last, so that red is on top. */
const stack = ["delivered", "blocked", "junked", "replaced", "removed", "delivered_threat"];

/** The series in the order they are stacked, coloured by meaning where a value has one. */
export function seriesOf(chart: Chart, mode: Mode): Series[] {
  const byOutcome = chart.series.every((s) => isOutcome(s.key));
  const order = byOutcome ? [...chart.series].sort((a, b) => stack.indexOf(a.key) - stack.indexOf(b.key)) : chart.series;
  const colors = plain[mode];
  return order.map((s, i) => ({
    key: s.key,
    label: s.label || "(none)",
    total: s.total,
    counts: s.counts,
    color: isOutcome(s.key) && byOutcome ? tones[mode][outcomes[s.key].meaning].solid : s.label === "Other" ? colors.at(-1)! : colors[i % (colors.length - 1)]!,
  }));
}

/** Email events of the shown series from bucket first to last, both included. */
export function sum(series: readonly Series[], first: number, last: number): number {
  let n = 0;
  for (const s of series) for (let i = first; i <= last; i++) n += s.counts[i] ?? 0;
  return n;
}

/** Which series stands at height v in a bucket; undefined above the bar. */
export function at(series: readonly Series[], bucket: number, v: number): Series | undefined {
  let top = 0;
  for (const s of series) {
    top += s.counts[bucket] ?? 0;
    if (v >= 0 && v <= top && (s.counts[bucket] ?? 0) > 0) return s;
  }
  return undefined;
}

/** Where labels stand under the bars, and what they say: days when the range is long, the clock when it is short. Never more than fit. */
export function ticks(starts: readonly string[], bucketSeconds: number, zone: Zone, room: number): Map<number, string> {
  const out = new Map<number, string>();
  const times = starts.map((s) => new Date(s));
  const first = times[0], last = times.at(-1);
  if (!first || !last) return out;
  const seconds = (last.getTime() - first.getTime()) / 1000 + bucketSeconds;
  const long = seconds > 36 * 3600;
  const years = seconds > 400 * 86400;
  const word = (t: Date) => (years ? `${day(t, zone).split(" ")[1]} ${t.getUTCFullYear()}` : !long ? clock(t, zone) : seconds > 14 * 86400 ? day(t, zone) : weekday(t, zone));
  // Candidates are the first bars of a day or an hour step; then every nth of them, so that words do not touch.
  const marks: number[] = [];
  let before = "";
  times.forEach((t, i) => {
    const mark = years ? word(t) : long ? day(t, zone) : clock(t, zone).slice(0, 2);
    if (mark !== before && (i > 0 || bucketSeconds >= 86400)) marks.push(i);
    before = mark;
  });
  const fit = Math.max(1, Math.floor(room / 72));
  const step = Math.max(1, Math.ceil(marks.length / fit));
  for (let i = 0; i < marks.length; i += step) out.set(marks[i]!, word(times[marks[i]!]!));
  if (out.size === 0) out.set(0, word(first));
  return out;
}

/** The chart in one sentence, for who does not see it. */
export function sentence(chart: Chart, series: readonly Series[], zone: Zone, what = "email event"): string {
  if (chart.total === 0) return `No ${what} in this time.`;
  const parts = series.filter((s) => s.total > 0).map((s) => `${revealed(s.label)} ${number(s.total)}`);
  const sums = chart.starts.map((_, i) => sum(series, i, i));
  const most = sums.indexOf(Math.max(...sums));
  const t = chart.starts[most];
  const peak = t ? ` Most in one ${bucketName(chart.bucket_seconds)}: ${number(sums[most] ?? 0)} at ${day(new Date(t), zone)} ${clock(new Date(t), zone)}.` : "";
  return `${number(chart.total)} ${what}s${what === "email event" ? ` to ${number(chart.mailboxes)} mailboxes` : ""}: ${parts.join(", ")}.${peak}`;
}

/** A round number at or above max, and the step to it in so many parts. */
export function axis(max: number, parts = 3): { max: number; interval: number } {
  if (max <= parts) return { max: parts, interval: 1 };
  const rough = max / parts;
  const mag = 10 ** Math.floor(Math.log10(rough));
  const interval = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((m) => m * mag).find((s) => s >= rough && Number.isInteger(s)) ?? Math.ceil(rough);
  return { max: interval * parts, interval };
}
