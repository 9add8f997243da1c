// How two results differ, in a sentence.

import { revealed } from "../../text/reveal";
import { number } from "../../time/zone";
import type { Run } from "./session";

type Result = Pick<Run, "columns" | "rows" | "count">;

const rows = (n: number) => `${number(n)} row${n === 1 ? "" : "s"}`;

function bag(r: Result, at: readonly number[]): Map<string, number> {
  const out = new Map<string, number>();
  for (let i = 0; i < r.count; i++) {
    const k = JSON.stringify(at.map((c) => r.rows[i]![c] ?? null));
    out.set(k, (out.get(k) ?? 0) + 1);
  }
  return out;
}

/** Rows are the same when the columns that both have are; undefined when they have none in common. */
export function compare(before: Result, now: Result): string | undefined {
  const shared = before.columns.filter((c) => now.columns.some((d) => d.name === c.name)).map((c) => c.name);
  if (shared.length === 0) return undefined;
  const at = (r: Result) => shared.map((n) => r.columns.findIndex((c) => c.name === n));
  const a = bag(before, at(before)), b = bag(now, at(now));
  let fresh = 0, gone = 0;
  for (const [k, n] of b) fresh += Math.max(0, n - (a.get(k) ?? 0));
  for (const [k, n] of a) gone += Math.max(0, n - (b.get(k) ?? 0));
  const by = shared.length === before.columns.length && shared.length === now.columns.length ? "" : ` (by ${shared.length === 1 ? revealed(shared[0]!) : `the ${shared.length} columns that both have`})`;
  if (fresh === 0 && gone === 0) return `The last run has the same rows${by}.`;
  return `The last run has ${fresh === 0 ? "no row that is not here" : `${rows(fresh)} that ${fresh === 1 ? "is" : "are"} not here`}, and ${gone === 0 ? "misses none of these" : `misses ${rows(gone)} of these`}${by}.`;
}
