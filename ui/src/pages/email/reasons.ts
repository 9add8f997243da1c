// Sentences made from what the server knows about a message. They say what follows from it and, as important, what does not.

import type { Schemas } from "../../api/client";
import { placeWord } from "../../components/outcome";

type Email = Schemas["Email"];
type MailAuth = Schemas["MailAuth"];

/** What the authentication proves about the domain in From, as it is shown, and what it does not. */
export function authSentence(auth: MailAuth, domain: string): string {
  const who = domain || "the domain in From";
  const passed = [auth.spf.result === "pass" && "SPF", auth.dkim.some((d) => d.result === "pass") && "DKIM"].filter((x) => x !== false);
  if (auth.dmarc.result === "pass") {
    return `DMARC passes, and that says only that ${who} really sent it, not that ${who} means well.`;
  }
  if (auth.dmarc.result === "fail") {
    const asks = auth.policy === "reject" ? "asks to refuse such mail" : auth.policy === "quarantine" ? "asks to keep such mail apart" : "asks for nothing to be done about such mail";
    const though = passed.length > 0 ? `${passed.join(" and ")} ${passed.length > 1 ? "pass" : "passes"}, but for another domain. ` : "";
    return `${though}Nothing proves that ${who} sent this; ${who} ${asks}.`;
  }
  if (auth.aligned) return `${passed.join(" and ") || "A check"} ${passed.length > 1 ? "prove" : "proves"} that ${who} sent it, not that ${who} means well.`;
  if (auth.dmarc.result === "temperror") return `The DNS did not answer, so nobody knows whether ${who} sent this.`;
  if (passed.length > 0) return `${passed.join(" and ")} ${passed.length > 1 ? "pass" : "passes"}, but nothing ties that to ${who}: anybody could write that name into From.`;
  return `Nothing proves that ${who} sent this: anybody could write that name into From.`;
}

/** Who reported the results when they were not checked here; "" when they were. */
export function reporter(auth: MailAuth): string {
  if (auth.spf.origin !== "reported") return "";
  return /^reported by ([^\s:;]+)/.exec(auth.spf.detail)?.[1] ?? "another server";
}

/** The verdict that counts today: the latest judgement, or that of delivery. */
export function latestOf({ verdict, again }: Pick<Email, "verdict" | "again">): Schemas["Verdict"] {
  return again?.verdict ?? verdict;
}

/** What spoke most for today's verdict; "" when nothing did or it was not stored. */
export function reasonOf(email: Pick<Email, "event" | "verdict" | "again">): string {
  if (!email.again) return email.verdict.signals.some((s) => s.weight > 0) ? email.event.FirstSignal : "";
  return [...email.again.verdict.signals].sort((a, b) => b.weight - a.weight).find((s) => s.weight > 0)?.claim ?? "";
}

export interface PolicyLine {
  kind: "none" | "step" | "after";
  text: string;
  /** What came of it. */
  result: string;
  /** Why, in a sentence; "" when the line says it all. */
  why: string;
  decided: boolean;
}

/** What was asked in turn before the message went where it went; exactly one of the lines at delivery decided. */
export function policyLines({ policy: p, event: e, verdict: v }: Pick<Email, "policy" | "event" | "verdict">): PolicyLine[] {
  const line = (kind: PolicyLine["kind"], text: string, result = "", decided = false): PolicyLine => ({ kind, text, result, decided, why: decided ? p.reason : "" });
  const place = p.location === "" ? "" : `, to ${placeWord(p.location)}`;
  const done = p.action + place;
  const org = p.org_override !== "", user = p.user_override !== "" && !org, rule = p.transport_rule !== "" && !org && !user;
  const out = [
    org ? line("step", `${p.org_policy || "Allow and block list"}: ${p.org_override}`, done, true) : line("none", "Allow and block list: no entry"),
  ];
  if (p.user_override !== "") out.push(line("step", `Setting of the mailbox, ${p.user_policy || "without a name"}: ${p.user_override}`, user ? done : "", user));
  if (p.transport_rule !== "") out.push(line("step", `Mail-flow rule ${p.transport_rule}`, rule ? done : "", rule));
  const mine = !org && !user && !rule;
  const what = v.threat_types.length === 0
    ? `Scored ${v.score}, under ${v.thresholds.flag}: no threat is named`
    : `Scored ${v.score}: ${v.threat_types.join(", ")}${v.phish_confidence ? `, ${v.phish_confidence} confidence` : ""}`;
  out.push(line("step", what));
  if (p.priority) out.push(line("step", "The recipient is a priority account", "treated more strictly"));
  if (mine) {
    out.push(line("step", p.policy || (v.threat_types.length === 0 ? "No policy had to act" : "No policy acted"), done, true));
  }
  if (p.watched) out.push(line("step", "The policy only watches", "delivered, whatever it would have done"));
  if (e.LatestDeliveryAction !== "" && (e.LatestDeliveryAction !== e.DeliveryAction || e.LatestDeliveryLocation !== e.DeliveryLocation)) {
    out.push(line("after", "After delivery", `${e.LatestDeliveryAction}${e.LatestDeliveryLocation ? `, now in ${placeWord(e.LatestDeliveryLocation)}` : ""}`));
  }
  return out;
}

/** What decides since the latest judgement after delivery, in the same words. */
export function againLines({ again: a, event: e }: Pick<Email, "again" | "event">): PolicyLine[] {
  if (!a) return [];
  const line = (text: string, result: string, decided: boolean): PolicyLine => ({ kind: "step", text, result, decided, why: decided ? a.reason : "" });
  const place = placeWord(e.LatestDeliveryLocation) || "its place";
  const result = a.pending ? `${a.action}, not carried out yet` : e.LatestDeliveryLocation !== e.DeliveryLocation ? `now in ${place}` : `stays in ${place}`;
  const name = a.org_policy || (a.user_policy ? `Setting of the mailbox, ${a.user_policy}` : a.policy || "No policy has to act");
  return [
    line(name, result, true),
    ...(a.priority ? [line("The recipient is a priority account", "treated more strictly", false)] : []),
    ...(a.watched ? [line("The policy only watches", "nothing is done", false)] : []),
  ];
}

/** What a preview left out: "1 script, 1 form, 5 remote images (2 trackers)"; "" when nothing had to go. */
export function removedWords(r: Schemas["Removed"]): string {
  const one = (n: number, word: string, more = "") => (n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}${more}`]);
  return [
    ...one(r.scripts, "script"), ...one(r.events, "script handler"), ...one(r.forms, "form"), ...one(r.fields, "form field"), ...one(r.frames, "frame"), ...one(r.objects, "embedded object"),
    ...one(r.redirects, "redirect"), ...one(r.remote_images, "remote image", r.trackers === 0 ? "" : ` (${r.trackers} tracker${r.trackers === 1 ? "" : "s"})`), ...one(r.remote_styles, "remote style"),
    ...one(r.inline_images, "inline picture"), ...one(r.styles, "style rule"),
  ].join(", ");
}

/** What else is to be known before believing what a preview shows. */
export function previewNotes(c: Pick<Schemas["Content"], "from_text" | "truncated" | "removed">): string {
  const n = c.removed.controls;
  return [
    c.from_text && "The message has plain text only.",
    n > 0 && (n === 1 ? "One character that would not be seen is shown as a mark." : `${n} characters that would not be seen are shown as marks.`),
    c.truncated && "The message is longer than a preview may be: its end is missing.",
  ].filter((x) => x !== false).join(" ");
}

/** How many recipients there are, and what became of the message at each; the numbers add up. */
export function tally(recipients: readonly Schemas["Recipient"][]): { outcome: Schemas["Recipient"]["outcome"]; n: number }[] {
  const order = ["delivered_threat", "delivered", "replaced", "junked", "removed", "blocked"] as const;
  return order.map((outcome) => ({ outcome, n: recipients.filter((r) => r.outcome === outcome).length })).filter((x) => x.n > 0);
}

/** "English"; the code itself when there is no name for it. */
export function languageName(code: string): string {
  if (code === "") return "";
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
