// The state of the pages of indicators and of retro-hunts in the address.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const indicatorKinds = ["url", "domain", "ip", "hash", "sender", "subject"] as const;
export type IndicatorKind = (typeof indicatorKinds)[number];
export const indicatorStates = ["suspicious", "confirmed", "retired"] as const;
export type IndicatorState = (typeof indicatorStates)[number];
export const lives = ["live", "held", "expired"] as const;
export type Life = (typeof lives)[number];

export interface IndicatorsState {
  kind: IndicatorKind | "";
  state: IndicatorState | "";
  now: Life | "";
  source: string;
  threat: string;
  tag: string;
  text: string;
  verdict: "bad" | "good" | "";
  /** Id of the indicator that is open; 0 for none. */
  open: number;
  range: Range;
}

const one = <T extends string>(all: readonly T[], v: unknown): T | "" => (all.includes(v as T) ? (v as T) : "");

export function readIndicators(s: Record<string, unknown>): IndicatorsState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const open = Number(s["open"]);
  return {
    kind: one(indicatorKinds, s["kind"]), state: one(indicatorStates, s["state"]), now: one(lives, s["now"]), verdict: one(["bad", "good"] as const, s["verdict"]),
    source: text("source", 120), threat: text("threat", 120), tag: text("tag", 60), text: text("text", 2000), open: Number.isSafeInteger(open) && open > 0 ? open : 0, range: readRange(s),
  };
}

export function writeIndicators(s: IndicatorsState): Search {
  const out: Search = {};
  for (const k of ["kind", "state", "now", "source", "threat", "tag", "text", "verdict"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.open > 0) out["open"] = String(s.open);
  return Object.assign(out, writeRange(s.range));
}

const id = /^[0-9a-f-]{10,40}$/i;

/** The retro-hunt that is open; "" for none. */
export function readHunt(s: Record<string, unknown>): string {
  return typeof s["hunt"] === "string" && id.test(s["hunt"]) ? s["hunt"] : "";
}
