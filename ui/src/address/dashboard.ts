// The state of the dashboard in the address: whom it is about, and how its main chart is split. The time range is the app's.

import { readRange, week, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const splits = ["outcome", "threats", "technology"] as const;
export type Split = (typeof splits)[number];

export interface DashboardState {
  /** Only mail to people of this department, of this group, at this domain; "" for all. */
  department: string;
  group: string;
  domain: string;
  split: Split;
  range: Range;
}

export function readDashboard(s: Record<string, unknown>): DashboardState {
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 256 ? s[k].trim() : "");
  return { department: text("department"), group: text("group"), domain: text("domain").toLowerCase(), split: splits.find((x) => x === s["split"]) ?? "outcome", range: readRange(s, week) };
}

export function writeDashboard(s: DashboardState): Search {
  const out: Search = {};
  for (const k of ["department", "group", "domain"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.split !== "outcome") out["split"] = s.split;
  return Object.assign(out, writeRange(s.range, week));
}
