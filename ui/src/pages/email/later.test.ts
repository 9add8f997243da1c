import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { laterOf } from "./later";
import { againLines, latestOf, reasonOf } from "./reasons";

const event = (more: Partial<Schemas["EmailEvent"]> = {}) => ({ ThreatTypes: "", LatestThreatTypes: "", DeliveryLocation: "Inbox/folder", LatestDeliveryLocation: "Inbox/folder", outcome: "delivered", FirstSignal: "old", ...more }) as Schemas["EmailEvent"];
const verdict = (types: string[], more: Partial<Schemas["Verdict"]> = {}) => ({ threat_types: types, phish_confidence: types.length > 0 ? "High" : "", score: 0, signals: [], ...more }) as unknown as Schemas["Verdict"];
const again = (types: string[], more: Partial<Schemas["Again"]> = {}) => ({ at: "", source: "", verdict: verdict(types), decision: "", action: "None", pending: false, watched: false, priority: false, reason: "", org_policy: "", user_policy: "", policy: "", policy_id: "", came: [], gone: [], ...more }) as Schemas["Again"];

it("says nothing of a message that was judged once", () => expect(laterOf({ event: event(), verdict: verdict([]) })).toBeUndefined());

it("says that it turned out bad, and that nothing was done yet", () => {
  const l = laterOf({ event: event({ LatestThreatTypes: "Phish", outcome: "delivered_threat" }), verdict: verdict([]), again: again(["Phish"], { pending: true, action: "Moved to quarantine" }) });
  expect(l).toMatchObject({ title: "Judged again: Phish, high confidence", worse: true });
  expect(l?.text).toBe("At delivery it was judged clean. To be moved to quarantine: decided, and not carried out yet. It is still in Inbox.");
});

it("says that the policy only watches, that it became harmless, and that only the decision differs", () => {
  expect(laterOf({ event: event({ LatestThreatTypes: "Phish" }), verdict: verdict([]), again: again(["Phish"], { watched: true }) })?.text).toMatch(/only watches/);
  expect(laterOf({ event: event({ ThreatTypes: "Phish" }), verdict: verdict(["Phish"]), again: again([]) })?.text).toMatch(/Nothing has to be done/);
  expect(laterOf({ event: event(), verdict: verdict([]), again: again([], { org_policy: "Allow/block list (sender)", pending: true, action: "Moved to quarantine" }) })).toMatchObject({ title: "Judged again: still clean, but decided differently", worse: false });
});

it("says where it is now when it was moved since", () => {
  const moved = { event: event({ LatestThreatTypes: "Phish", LatestDeliveryLocation: "Quarantine", outcome: "removed" }), verdict: verdict([]), again: again(["Phish"], { policy: "Antispam phishing" }) };
  expect(laterOf(moved)).toMatchObject({ text: "At delivery it was judged clean. It is in Quarantine now.", worse: false });
  expect(againLines(moved)[0]?.result).toBe("now in Quarantine");
});

it("knows from the event alone that the verdict changed", () => expect(laterOf({ event: event({ LatestThreatTypes: "Phish", outcome: "delivered_threat" }), verdict: verdict([]) })).toMatchObject({ title: "Judged again: Phish", worse: true }));

it("takes verdict and reason from the latest judgement", () => {
  const signal = { id: "a", claim: "new", weight: 9, threat: "Phish", evidence: "", technology: "" };
  const a = again(["Phish"], { verdict: verdict(["Phish"], { signals: [signal] }) });
  expect(reasonOf({ event: event(), verdict: verdict([]), again: a })).toBe("new");
  expect(reasonOf({ event: event(), verdict: verdict([], { signals: [signal] }) })).toBe("old");
  expect(reasonOf({ event: event(), verdict: verdict([]) })).toBe("");
  expect(latestOf({ verdict: verdict([]), again: a }).threat_types).toEqual(["Phish"]);
});

it("says which policy decides now", () => {
  expect(againLines({ event: event() })).toEqual([]);
  expect(againLines({ event: event(), again: again(["Phish"], { policy: "Antispam phishing", reason: "Phish, score 50", watched: true }) }).map((l) => `${l.text}: ${l.result}`)).toEqual(["Antispam phishing: stays in Inbox", "The policy only watches: nothing is done"]);
});
