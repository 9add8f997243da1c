import type { Schemas } from "../../api/client";
import { number } from "../../time/zone";

export type Learning = Schemas["Learning"];
export type Model = Schemas["LearnedModel"];
export type ModelState = "active" | "shadow" | "none" | "off";

export const learnThreats = ["Phish", "Spam"] as const;
export type LearnThreat = (typeof learnThreats)[number];

/** One line of progress towards the first training. */
export interface Step { label: string; have: number; need: number; note: string }

/** Good mail that is known at most: what nobody reported counts only after the quiet time, and where people disagree not at all. */
export function good(l: Learning): number {
  return Math.max(l.good, l.examples - l.phish - l.spam);
}

export function steps(l: Learning, threat: LearnThreat): Step[] {
  return [
    { label: `Messages that people called ${threat.toLowerCase()}`, have: threat === "Phish" ? l.phish : l.spam, need: l.need_bad, note: "" },
    { label: "Good messages", have: good(l), need: l.need_good, note: `called good, or delivered and reported by nobody for ${l.quiet_hours} hours` },
  ];
}

export function modelOf(l: Learning, threat: LearnThreat, state: Model["state"]): Model | undefined {
  return l.models.find((m) => m.threat === threat && m.state === state);
}

export function stateOf(l: Learning, threat: LearnThreat): ModelState {
  if (modelOf(l, threat, "active")) return "active";
  if (modelOf(l, threat, "shadow")) return "shadow";
  return l.collecting ? "none" : "off";
}

export const modelStateWords: Record<ModelState, string> = { active: "Speaks", shadow: "In shadow", none: "Not trained yet", off: "Off" };

/** Why a model does not speak, or what it does when it speaks. */
export function why(l: Learning, threat: LearnThreat): string {
  const shadow = modelOf(l, threat, "shadow");
  switch (stateOf(l, threat)) {
    case "off":
      return "Nothing is collected to learn from: learning.collect is false in the settings file.";
    case "none": {
      const short = steps(l, threat).filter((s) => s.have < s.need).map((s) => `${number(s.need - s.have)} more ${s.label === "Good messages" ? "good messages" : `called ${threat.toLowerCase()}`}`);
      return short.length > 0 ? `Not trained yet: it takes ${short.join(" and ")}.` : "There is enough to learn from. It is trained within the hour, or now.";
    }
    case "shadow":
      return !shadow?.passed ? "It is trained and changes no verdict: it did not pass its check on your own mail." : l.activates ? "It is trained and passed its check. It speaks after the next training." : "It is trained, passed its check, and changes no verdict until somebody activates it.";
    case "active":
      return shadow ? "It adds to verdicts. A newer one is in shadow." : "It adds up to 38 points to a verdict and never names a threat alone.";
  }
}
