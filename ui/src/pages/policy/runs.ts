// Runs that judge mail again or try something on it, in words.

import type { Schemas } from "../../api/client";
import { number } from "../../time/zone";

export type Run = Schemas["JudgingRun"];
export type Result = Schemas["JudgingResult"];
export type Side = Schemas["JudgingSide"];

export const over = (r: Pick<Run, "state">) => r.state === "done" || r.state === "failed" || r.state === "cancelled";

export const stateWords: Record<Run["state"], string> = { queued: "Waits", running: "At work", done: "Done", failed: "Failed", cancelled: "Cancelled" };

/** What the local model does at the moment, in words. */
export function modelWords(l: Schemas["Learning"]): string {
  if (l.models.length > 0) return l.models.map((m) => `${m.threat}: ${m.state === "active" ? "speaks" : "in shadow, does not speak yet"}`).join("; ");
  if (!l.collecting) return "not in use";
  return `not trained yet: ${number(l.phish + l.spam)} of ${number(l.need_bad)} messages are called bad`;
}

/** "30 days", "48 hours": how far back a run looks. */
export function reach(r: Pick<Run, "since" | "until">): string {
  const hours = (Date.parse(r.until) - Date.parse(r.since)) / 3_600_000;
  return hours > 72 ? `${Math.round(hours / 24)} days` : `${Math.max(1, Math.round(hours))} hour${Math.round(hours) > 1 ? "s" : ""}`;
}

export function verdictWords(s: Pick<Side, "threat_types" | "phish_confidence">): string {
  if (s.threat_types.length === 0) return "Clean";
  return s.threat_types.join(", ") + (s.threat_types.includes("Phish") && s.phish_confidence === "High" ? ", high" : "");
}

const short: Record<string, string> = { deliver: "inbox", junk: "junk folder", quarantine: "quarantine", replace: "attachment replaced", reject: "refused", drop: "thrown away" };

/** "inbox", "quarantine": where a treatment takes mail. */
export function placeOf(treatment: string): string {
  return short[treatment] ?? treatment;
}

/** Where mail goes on one side of a change; "" when that was not noted. */
export function placeWords(s: Pick<Side, "treatment" | "watched">): string {
  if (s.treatment === "") return "";
  return s.watched && s.treatment !== "deliver" ? `${placeOf(s.treatment)}, if it acted` : placeOf(s.treatment);
}

export interface Move { from: string; to: string; n: number }

/** A treatment as it is counted: "quarantine", or "quarantine (watching)" where it was only said. */
function moved(key: string): string {
  const plain = key.replace(" (watching)", "");
  return plain === key ? placeOf(key) : `${placeOf(plain)}, if it acted`;
}

/** Counts by treatment before and after ("deliver -> quarantine"), most first. */
export function moves(actions: Readonly<Record<string, number>>): Move[] {
  return Object.entries(actions).flatMap(([key, n]) => {
    const [from, to] = key.split(" -> ");
    return from === undefined || to === undefined ? [] : [{ from: moved(from), to: moved(to), n }];
  }).sort((a, b) => b.n - a.n);
}

/** What came of a run, in one sentence. */
export function summary(r: Run): string {
  const c = r.counts;
  const events = (n: number) => `${number(n)} email event${n === 1 ? "" : "s"}`;
  const looked = `${number(c.messages)} message${c.messages === 1 ? "" : "s"}`;
  const would = r.kind === "whatif" || r.dry_run;
  const other = c.verdict_changed - c.now_flagged - c.no_longer_flagged;
  if (c.messages === 0 && over(r)) return c.total === 0 ? "There is no mail of that time." : "It ended before it looked at a message.";
  if (c.verdict_changed === 0 && c.action_changed === 0) return over(r) ? `Of ${looked}, none ${would ? "would have been" : "was"} treated differently.` : `Nothing differs so far, in ${looked}.`;
  const parts = [
    c.now_flagged > 0 && `${events(c.now_flagged)} ${would ? "would be flagged" : "became flagged"} that ${c.now_flagged === 1 ? "was" : "were"} not`,
    c.no_longer_flagged > 0 && `${events(c.no_longer_flagged)} ${would ? "would not be flagged any more" : c.no_longer_flagged === 1 ? "is not flagged any more" : "are not flagged any more"}`,
    other > 0 && `${events(other)} ${would ? "would have" : other === 1 ? "has" : "have"} another verdict`,
    c.action_changed > 0 && `${events(c.action_changed)} ${would ? "would be treated differently" : c.action_changed === 1 ? "is treated differently" : "are treated differently"}`,
  ].filter((x) => x !== false);
  return `Of ${looked}: ${parts.join("; ")}.`;
}
