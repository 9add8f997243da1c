// What is said when a message was judged again after delivery and it came to something else.

import type { Schemas } from "../../api/client";
import { placeWord } from "../../components/outcome";

export interface Later {
  title: string;
  text: string;
  /** It is a threat that lies where its reader can open it. */
  worse: boolean;
}

const orClean = (types: readonly string[]) => (types.length === 0 ? "clean" : types.join(", "));

/** The banner over a message whose latest judgement differs from that at delivery; undefined when there is nothing to say. */
export function laterOf({ event: e, verdict: v, again: a }: Pick<Schemas["Email"], "event" | "verdict" | "again">): Later | undefined {
  if (!a) {
    // The rows of the judgement are gone, or another source changed the verdict; the event still says what it came to.
    if (e.LatestThreatTypes === e.ThreatTypes) return undefined;
    return { title: `Judged again: ${e.LatestThreatTypes || "clean"}`, text: `At delivery it was judged ${orClean(v.threat_types)}.`, worse: e.LatestThreatTypes !== "" && e.outcome === "delivered_threat" };
  }
  const now = orClean(a.verdict.threat_types), then = orClean(v.threat_types);
  const place = placeWord(e.LatestDeliveryLocation) || "place";
  const verdict = now === then ? `Judged again: still ${now}, but decided differently` : `Judged again: ${now}${a.verdict.threat_types.includes("Phish") && a.verdict.phish_confidence ? `, ${a.verdict.phish_confidence.toLowerCase()} confidence` : ""}`;
  const was = now === then ? "" : `At delivery it was judged ${then}. `;
  const done = a.pending
    ? `To be ${a.action.charAt(0).toLowerCase()}${a.action.slice(1)}: decided, and not carried out yet. It is still in ${place}.`
    : now === "clean" && a.org_policy === "" && a.user_policy === ""
      ? "Nothing has to be done."
      : e.LatestDeliveryLocation !== e.DeliveryLocation ? `It is in ${place} now.`
      : a.watched ? `Nothing is done, because the policy only watches: it stays in ${place}.` : `It stays in ${place}.`;
  return { title: verdict, text: was + done, worse: e.outcome === "delivered_threat" };
}
