// The state of the list of threats in the address. The time range is the app's.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const kinds = ["family", "campaign", "actor", "technique"] as const;
export type ThreatKind = (typeof kinds)[number];

export interface ThreatsState {
  find: string;
  kind: ThreatKind | "";
  tag: string;
  /** Only what was seen in the time. */
  seen: boolean;
  range: Range;
}

export function readThreats(s: Record<string, unknown>): ThreatsState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const kind = text("kind", 20);
  return { find: text("find", 200), kind: kinds.find((k) => k === kind) ?? "", tag: text("tag", 60), seen: s["seen"] === "1", range: readRange(s) };
}

export function writeThreats(s: ThreatsState): Search {
  const out: Search = {};
  for (const k of ["find", "kind", "tag"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.seen) out["seen"] = "1";
  return Object.assign(out, writeRange(s.range));
}

/** The search of a link that opens Explorer on this mail, in these times. */
export function inExplorer(filter: string, from: string, to: string): Search {
  return { q: filter, ...writeRange({ from, to }) };
}
