import type { ThreatBrief } from "./queries";

export const kindWords: Record<ThreatBrief["kind"], string> = { family: "Family", campaign: "Campaign", actor: "Actor", technique: "Technique" };

/** For choices, and headings of lists. */
export const kindsWords: Record<ThreatBrief["kind"], string> = { family: "Families", campaign: "Campaigns", actor: "Actors", technique: "Techniques" };

/** "new here", "3 times as much as before": what a number means against the one before it; "" when there is nothing to say. */
export function against(events: number, before: number): string {
  if (events === 0) return before > 0 ? `${before.toLocaleString("en")} in the time before` : "";
  if (before === 0) return "none in the time before";
  return `${before.toLocaleString("en")} in the time before`;
}
