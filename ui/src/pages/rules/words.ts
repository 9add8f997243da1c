import type { RuleLine } from "./queries";

export const originWords: Record<RuleLine["origin"], string> = { shipped: "Shipped", folder: "Folder", own: "Own" };

export const originMeans: Record<RuleLine["origin"], string> = {
  shipped: "Comes with Tocsin", folder: "A file in the rule folder of the server", own: "Written in Tocsin",
};

export const severityRank: Record<string, number> = { informational: 0, low: 1, medium: 2, high: 3 };

export function severityWord(s: string): string {
  return s === "" ? "" : s.charAt(0).toUpperCase() + s.slice(1);
}

export type Standing = "on" | "off" | "wrong";

/** How a rule stands: one that is wrong is not at work although it is on. */
export function standing(r: Pick<RuleLine, "enabled" | "error">): Standing {
  return r.error !== "" ? "wrong" : r.enabled ? "on" : "off";
}

export const standingWords: Record<Standing, string> = { on: "On", off: "Off", wrong: "Does not compile" };
