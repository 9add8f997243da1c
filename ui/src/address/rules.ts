// The state of the Rules page in the address, and that of the editor: what is listed, what is open, which run is looked at.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const origins = ["shipped", "folder", "own"] as const;
export const threats = ["Malware", "Phish", "Spam"] as const;
export const severities = ["informational", "low", "medium", "high"] as const;
export const states = ["on", "off", "wrong"] as const;
export const sorts = ["name", "threat", "weight", "severity", "hits"] as const;
export type RuleSort = (typeof sorts)[number];

export interface RulesState {
  find: string;
  origin: (typeof origins)[number] | "";
  threat: (typeof threats)[number] | "";
  technology: string;
  severity: (typeof severities)[number] | "";
  state: (typeof states)[number] | "";
  sort: RuleSort;
  desc: boolean;
  /** Id of the rule whose panel is open. */
  open: string;
  range: Range;
}

const one = <T extends string>(all: readonly T[], v: unknown): T | "" => (all.includes(v as T) ? (v as T) : "");
const short = (v: unknown) => (typeof v === "string" && v.length <= 200 ? v : "");
/** As package detect has it. */
export const ruleID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const id = (v: unknown) => (typeof v === "string" && v.length <= 60 && ruleID.test(v) ? v : "");

export function readRules(s: Record<string, unknown>): RulesState {
  const sort = typeof s["sort"] === "string" ? s["sort"] : "";
  return {
    find: short(s["find"]), origin: one(origins, s["origin"]), threat: one(threats, s["threat"]), technology: short(s["technology"]), severity: one(severities, s["severity"]), state: one(states, s["state"]),
    sort: one(sorts, sort.replace(/^-/, "")) || "name", desc: sort.startsWith("-"), open: id(s["open"]), range: readRange(s),
  };
}

export function writeRules(s: RulesState): Search {
  const out: Search = {};
  for (const k of ["find", "origin", "threat", "technology", "severity", "state", "open"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.sort !== "name" || s.desc) out["sort"] = (s.desc ? "-" : "") + s.sort;
  return Object.assign(out, writeRange(s.range));
}

export const panes = ["test", "whatif", "history"] as const;
export type RulePane = (typeof panes)[number];

export interface RuleEditorState {
  pane: RulePane;
  /** Id of the what-if run that is looked at. */
  run: string;
  /** Of a new rule: the one it is made like. */
  like: string;
  range: Range;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readRuleEditor(s: Record<string, unknown>): RuleEditorState {
  return { pane: one(panes, s["pane"]) || "test", run: typeof s["run"] === "string" && uuid.test(s["run"]) ? s["run"] : "", like: id(s["like"]), range: readRange(s) };
}

export function writeRuleEditor(s: RuleEditorState): Search {
  const out: Search = {};
  if (s.pane !== "test") out["pane"] = s.pane;
  if (s.run) out["run"] = s.run;
  if (s.like) out["like"] = s.like;
  return Object.assign(out, writeRange(s.range));
}
