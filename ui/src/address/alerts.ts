// The state of the alerts page in the address: filter, and the alert that is open. The time range is the app's.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const alertStages = ["open", "New", "In progress", "Resolved", "all"] as const;
export type AlertStage = (typeof alertStages)[number];
export const severities = ["High", "Medium", "Low", "Informational"] as const;

export interface AlertsState {
  stage: AlertStage;
  severity: (typeof severities)[number] | "";
  owner: "" | "me" | "none";
  text: string;
  /** Id of the open alert; "" for none. */
  open: string;
  range: Range;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readAlerts(s: Record<string, unknown>): AlertsState {
  const one = <T extends string, D extends string>(all: readonly T[], v: unknown, or: D): T | D => (all.includes(v as T) ? (v as T) : or);
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 200 ? s[k] : "");
  return {
    stage: one(alertStages, s["stage"], "open"), severity: one(severities, s["severity"], ""), owner: one(["me", "none"] as const, s["owner"], ""), text: text("text"),
    open: uuid.test(text("open")) ? text("open") : "", range: readRange(s),
  };
}

export function writeAlerts(s: AlertsState): Search {
  const out: Search = {};
  if (s.stage !== "open") out["stage"] = s.stage;
  for (const k of ["severity", "owner", "text", "open"] as const) if (s[k] !== "") out[k] = s[k];
  return Object.assign(out, writeRange(s.range));
}
