// The state of the quarantine page in the address: which entries, in which order, and the one that is open. The time range is the app's.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const entryStates = ["held", "asked", "released", "deleted", "expired", "all"] as const;
export type EntryState = (typeof entryStates)[number];
export const entryThreats = ["Malware", "Phish", "Spam"] as const;
export type EntryThreat = (typeof entryThreats)[number] | "";
export const entrySorts = ["since", "received", "recipient", "sender", "subject", "threat"] as const;
export type EntrySort = (typeof entrySorts)[number];

export interface QuarantineState {
  state: EntryState;
  text: string;
  recipient: string;
  threat: EntryThreat;
  sort: EntrySort;
  desc: boolean;
  /** The open entry: message and recipient; "" for none. */
  open: string;
  to: string;
  /** "preview" or "" for what is known of it. */
  pane: "" | "preview";
  range: Range;
}

export function readQuarantine(s: Record<string, unknown>): QuarantineState {
  const text = (k: string, most = 200) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const of = <T extends string>(k: string, all: readonly T[], other: T): T => all.find((x) => x === s[k]) ?? other;
  const open = /^[0-9a-f-]{36}$/.test(text("open")) ? text("open") : "";
  return {
    state: of("state", entryStates, "held"), text: text("text"), recipient: text("recipient"), threat: of<EntryThreat>("threat", entryThreats, ""),
    sort: of("sort", entrySorts, "since"), desc: s["order"] !== "asc",
    open, to: open ? text("rcpt", 1000) : "", pane: open && s["pane"] === "preview" ? "preview" : "", range: readRange(s),
  };
}

export function writeQuarantine(s: QuarantineState): Search {
  const out: Search = {};
  if (s.state !== "held") out["state"] = s.state;
  for (const k of ["text", "recipient", "threat"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.sort !== "since") out["sort"] = s.sort;
  if (!s.desc) out["order"] = "asc";
  if (s.open !== "") {
    out["open"] = s.open;
    out["rcpt"] = s.to;
    if (s.pane !== "") out["pane"] = s.pane;
  }
  return Object.assign(out, writeRange(s.range));
}
