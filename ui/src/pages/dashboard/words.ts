// How figures are said. Pure, so that it can be tested.

import type { Trend } from "./shapes";
import { number } from "../../time/zone";

/** Against the period before: in per cent where numbers are large enough for it to mean something, else as it is. More is not bad by itself. */
export function change(value: number, previous: number | undefined): string {
  if (previous === undefined) return "";
  const d = value - previous;
  if (d === 0) return "same";
  const sign = d > 0 ? "+" : "−";
  if (previous < 20 || Math.abs(d) > previous * 9.99) return `${sign}${number(Math.abs(d))}`;
  const p = Math.abs((d / previous) * 100);
  return p < 0.5 ? "same" : `${sign}${Math.round(p)}%`;
}

/** "22.1%", "0.04%"; "" of nothing. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return "";
  const p = (part / whole) * 100;
  if (part > 0 && p < 0.1) return p < 0.01 ? "under 0.01%" : `${p.toFixed(2)}%`;
  return `${p.toFixed(1)}%`;
}

/** How long something has waited: "41 min", "3 h 12 min", "2 days 4 h". */
export function waited(seconds: number): string {
  const m = Math.max(0, Math.floor(seconds / 60));
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 === 0 ? `${h} h` : `${h} h ${String(m % 60).padStart(2, "0")} min`;
  return `${Math.floor(h / 24)} days`;
}

/** Width of a bar on a log scale, 0 to 1; one is seen, nothing is not. */
export function logWidth(value: number, most: number): number {
  return value <= 0 || most <= 0 ? 0 : Math.max(0.02, Math.log10(value + 1) / Math.log10(most + 1));
}

/** "day", "7 days", "36 h": how long the period is, as it stands in "on the 7 days before". */
export function period(from: Date, to: Date): string {
  const h = (to.getTime() - from.getTime()) / 3600_000;
  if (h >= 47.9 && Math.abs(h / 24 - Math.round(h / 24)) < 0.05) return `${Math.round(h / 24)} days`;
  return h >= 1.5 ? `${Math.round(h)} h` : `${Math.round(h * 60)} min`;
}

/** "1 message", "2 messages" */
export const plural = (n: number, one: string, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

/** The letters of somebody: "IC"; of an address its first. */
export function letters(name: string): string {
  const words = name.split("@")[0]!.split(/[\s._-]+/).filter((w) => w !== "");
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((w) => [...(w ?? "")][0] ?? "").join("").toUpperCase();
}

/** Points of a small line in a box of w by h; flat when nothing happened. */
export function line(counts: readonly number[], w: number, h: number): string {
  const most = Math.max(1, ...counts);
  const step = counts.length > 1 ? w / (counts.length - 1) : w;
  return counts.map((c, i) => `${(i * step).toFixed(1)},${(h - (c / most) * h).toFixed(1)}`).join(" ");
}

/** Series beyond the first few in one, so that a legend can be read. */
export function fewer(t: Trend, most: number): Trend & { rest: Trend["series"] } {
  const series = t.series.filter((s) => s.total.value > 0);
  if (series.length <= most + 1) return { ...t, series, rest: [] };
  return { ...t, series: series.slice(0, most), rest: series.slice(most) };
}
