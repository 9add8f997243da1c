// A value of a result as text, and what orders it.

import type { Zone } from "../../time/zone";
import { clock, day, number, year } from "../../time/zone";
import type { Cells } from "./shapes";

/** The value as it is copied: as Kusto writes it. */
export function plainText(v: unknown): string {
  if (v === null || v === undefined) return "";
  return typeof v === "object" ? JSON.stringify(v) : String(v);
}

/** A time in a zone, to the second; the fraction is in the title. */
export function timeText(v: string, zone: Zone, thisYear: number): string {
  const t = new Date(v);
  if (Number.isNaN(t.getTime())) return v;
  const y = year(t, zone);
  return `${day(t, zone)}${y === thisYear ? "" : ` ${y}`} ${clock(t, zone, true)}`;
}

/** A number as it is read; what was too large for a number is digits already. */
export function numberText(v: unknown): string {
  if (typeof v === "number") return Number.isInteger(v) ? number(v) : Math.abs(v) >= 1e15 || (v !== 0 && Math.abs(v) < 1e-4) ? String(v) : number(Math.trunc(v)).replace(/^0$/, v < 0 ? "-0" : "0") + fraction(v);
  return plainText(v);
}

function fraction(v: number): string {
  const s = String(Math.abs(v));
  const dot = s.indexOf(".");
  return dot < 0 ? "" : s.slice(dot);
}

const amount = (v: unknown) => (typeof v === "number" ? v : Number(v));
const bare = (v: unknown) => v === null || v === undefined || v === "";

/** Ticks of a timespan as Kusto writes it: [-][d.]hh:mm:ss[.fffffff]. */
function ticks(v: unknown): number {
  const m = /^(-?)(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(String(v));
  return m ? (m[1] ? -1 : 1) * ((Number(m[2] ?? 0) * 24 + Number(m[3])) * 3600 + Number(m[4]) * 60 + Number(m[5])) : NaN;
}

const collator = new Intl.Collator("en", { numeric: true });

/** The rows in the order of a column, as places in the list; what is empty comes last either way. */
export function sorted(rows: readonly Cells[], count: number, at: number, type: string, desc: boolean): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (at < 0) return order;
  const sign = desc ? -1 : 1;
  const numbers = ["int", "long", "real", "decimal", "timespan", "bool"].includes(type);
  const keys: unknown[] = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const v = rows[i]![at];
    keys[i] = bare(v) ? undefined : numbers ? (type === "timespan" ? ticks(v) : amount(v)) : plainText(v);
  }
  const text = type === "datetime" ? (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0) : collator.compare;
  return order.sort((i, j) => {
    const a = keys[i], b = keys[j];
    if (a === undefined || b === undefined) return a === b ? i - j : a === undefined ? 1 : -1;
    const c = numbers ? (a as number) - (b as number) : text(a as string, b as string);
    return c === 0 || Number.isNaN(c) ? i - j : sign * c;
  });
}

export interface ColumnFacts {
  filled: number;
  distinct: number;
  /** More values than are told apart. */
  more: boolean;
  least: string;
  most: string;
  top: readonly { value: unknown; count: number }[];
}

const told = 20_000;

/** What is in one column. */
export function factsOf(rows: readonly Cells[], count: number, at: number, type: string): ColumnFacts {
  const counts = new Map<string, { value: unknown; count: number }>();
  let filled = 0, more = false;
  let least: unknown, most: unknown;
  const ordered = ["int", "long", "real", "decimal", "datetime"].includes(type);
  const before = (a: unknown, b: unknown) => (type === "datetime" ? String(a) < String(b) : amount(a) < amount(b));
  for (let i = 0; i < count; i++) {
    const v = rows[i]![at];
    if (bare(v)) continue;
    filled++;
    if (ordered) {
      if (least === undefined || before(v, least)) least = v;
      if (most === undefined || before(most, v)) most = v;
    }
    const k = plainText(v);
    const known = counts.get(k);
    if (known) known.count++;
    else if (counts.size < told) counts.set(k, { value: v, count: 1 });
    else more = true;
  }
  const top = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, 5);
  return { filled, distinct: counts.size, more, least: plainText(least), most: plainText(most), top: counts.size === filled && filled > 5 ? [] : top };
}
