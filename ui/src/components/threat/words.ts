import type { ThreatBrief } from "./queries";

export const kindWords: Record<ThreatBrief["kind"], string> = { family: "Family", campaign: "Campaign", actor: "Actor", technique: "Technique" };

/** For choices, and headings of lists. */
export const kindsWords: Record<ThreatBrief["kind"], string> = { family: "Families", campaign: "Campaigns", actor: "Actors", technique: "Techniques" };

/** What a number means against the one before it; "" when nothing is known of that. */
export function against(events: number, before: number, compared: boolean): string {
  if (!compared || (events === 0 && before === 0)) return "";
  return before === 0 ? "new: none in the time before" : `${before.toLocaleString("en")} in the time before`;
}
