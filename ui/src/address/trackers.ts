// The state of the trackers page in the address: part, what is compared, and what is open beside the list.

import type { Search } from "./search";

export const trackerTabs = ["noteworthy", "trending", "tracked", "saved"] as const;
export type TrackerTab = (typeof trackerTabs)[number];
export const periods = ["day", "week", "month"] as const;
export type Period = (typeof periods)[number];

export interface TrackersState {
  tab: TrackerTab;
  period: Period;
  /** Id of the entry or tracker that is open; "" for none. */
  open: string;
}

export function readTrackers(s: Record<string, unknown>): TrackersState {
  const one = <T extends string>(all: readonly T[], v: unknown, or: T): T => (all.includes(v as T) ? (v as T) : or);
  const open = s["open"];
  return { tab: one(trackerTabs, s["tab"], "noteworthy"), period: one(periods, s["period"], "week"), open: typeof open === "string" && /^[a-z0-9][a-z0-9-]{0,99}$/.test(open) ? open : "" };
}

export function writeTrackers(s: TrackersState): Search {
  const out: Search = {};
  if (s.tab !== "noteworthy") out["tab"] = s.tab;
  if (s.period !== "week") out["period"] = s.period;
  if (s.open !== "") out["open"] = s.open;
  return out;
}
