// The state of the submissions page in the address: part, filter, and the submission that is open. The time range is the app's.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const parts = ["queue", "figures", "answers"] as const;
export type Part = (typeof parts)[number];
export const stages = ["waiting", "New", "In triage", "Closed", "all"] as const;
export type Stage = (typeof stages)[number];
export const types = ["Phish", "Malware", "Spam", "Not junk"] as const;
export const results = ["Phishing", "Malware", "Spam", "Not junk", "Simulation", "Unknown"] as const;
export type Result = (typeof results)[number];
export const splits = ["SubmissionType", "Result", "ReporterEmailAddress", "SubmissionSource", "MatchLevel"] as const;
export type Split = (typeof splits)[number];

export interface SubmissionsState {
  part: Part;
  stage: Stage;
  type: (typeof types)[number] | "";
  result: Result | "";
  owner: "" | "me" | "none";
  text: string;
  reporter: string;
  split: Split;
  /** Id of the open submission; "" for none. */
  open: string;
  range: Range;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readSubmissions(s: Record<string, unknown>): SubmissionsState {
  const one = <T extends string, D extends string>(all: readonly T[], v: unknown, or: D): T | D => (all.includes(v as T) ? (v as T) : or);
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 200 ? s[k] : "");
  return {
    part: one(parts, s["part"], "queue"), stage: one(stages, s["stage"], "waiting"), type: one(types, s["type"], ""), result: one(results, s["result"], ""), owner: one(["me", "none"] as const, s["owner"], ""),
    text: text("text"), reporter: text("reporter"), split: one(splits, s["split"], "SubmissionType"), open: uuid.test(text("open")) ? text("open") : "", range: readRange(s),
  };
}

export function writeSubmissions(s: SubmissionsState): Search {
  const out: Search = {};
  if (s.part !== "queue") out["part"] = s.part;
  if (s.stage !== "waiting") out["stage"] = s.stage;
  if (s.split !== "SubmissionType") out["split"] = s.split;
  for (const k of ["type", "result", "owner", "text", "reporter", "open"] as const) if (s[k] !== "") out[k] = s[k];
  return Object.assign(out, writeRange(s.range));
}
