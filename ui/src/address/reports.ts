// The state of a report in the address: how its chart is split, and whom it is about. The time range is the app's, the report is the path.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export interface ReportState {
  /** Key of the split; "" for the usual one. */
  split: string;
  department: string;
  group: string;
  domain: string;
  range: Range;
}

const filters = ["department", "group", "domain"] as const;

export function readReport(s: Record<string, unknown>): ReportState {
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 200 ? s[k] : "");
  const split = text("split");
  return { split: /^[a-z]{1,30}$/.test(split) ? split : "", department: text("department"), group: text("group"), domain: text("domain"), range: readRange(s) };
}

export function writeReport(s: ReportState): Search {
  const out: Search = {};
  for (const k of ["split", ...filters] as const) if (s[k] !== "") out[k] = s[k];
  return Object.assign(out, writeRange(s.range));
}

/** The filter as the server takes it. */
export function filterOf(s: ReportState): { department?: string; group?: string; domain?: string } {
  return Object.fromEntries(filters.filter((k) => s[k] !== "").map((k) => [k, s[k]]));
}
