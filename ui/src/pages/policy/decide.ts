// What the policy's settings mean, in words, and what differs between two states of them.

import type { Schemas } from "../../api/client";

export type Settings = Schemas["PolicySettings"];

export const treatments = ["deliver", "junk", "quarantine", "replace", "reject", "drop"] as const;
export type Treatment = (typeof treatments)[number];

/** How far each keeps mail from its reader; a hint for what is odd, not an order the judge knows. */
const strictness: Record<Treatment, number> = { deliver: 0, junk: 1, replace: 1, quarantine: 2, reject: 3, drop: 4 };

export const treatmentWords: Record<Treatment, { name: string; means: string }> = {
  deliver: { name: "Deliver", means: "Goes to the inbox like any other mail." },
  junk: { name: "To the junk folder", means: "In the junk folder; its reader still finds it there." },
  quarantine: { name: "To quarantine", means: "Kept out of the mailbox; it can still be let go." },
  replace: { name: "Replace the attachment", means: "Arrives with a notice in place of the dangerous file." },
  reject: { name: "Refuse", means: "Refused at the door; the sender is told that it did not arrive." },
  drop: { name: "Throw away", means: "Taken and thrown away. Nobody is told, and nothing brings it back." },
};

export type ThreatField = "malware" | "phish_high" | "phish" | "spam_high" | "spam" | "bulk";
export const threatFields: readonly { field: ThreatField; name: string; sure: string; what: string }[] = [
  { field: "malware", name: "Malware", sure: "", what: "A file or link that harms the computer." },
  { field: "phish_high", name: "Phish", sure: "High confidence", what: "Nearly certainly after passwords or money." },
  { field: "phish", name: "Phish", sure: "Normal confidence", what: "Probably after passwords or money." },
  { field: "spam_high", name: "Spam", sure: "High confidence", what: "Nearly certainly unwanted, not dangerous." },
  { field: "spam", name: "Spam", sure: "Normal confidence", what: "Probably unwanted, not dangerous." },
  { field: "bulk", name: "Bulk", sure: "", what: "Newsletters and adverts sent to many." },
];

export function choicesOf(field: ThreatField): readonly Treatment[] {
  return field === "malware" ? treatments : treatments.filter((t) => t !== "replace");
}

export type Field = "mode" | ThreatField | "bulk_from" | "priority.points" | "priority.step";
export const fields: readonly Field[] = ["mode", ...threatFields.map((f) => f.field), "bulk_from", "priority.points", "priority.step"];
export const mostPoints = 20;

export function valueOf(s: Settings, f: Field): string {
  switch (f) {
    case "priority.points": return String(s.priority.points);
    case "priority.step": return String(s.priority.step);
    default: return String(s[f]);
  }
}

/** The settings with one of them changed; undefined when it cannot have that value. */
export function withValue(s: Settings, f: string, v: string): Settings | undefined {
  const whole = (most: number) => (/^\d{1,2}$/.test(v) && Number(v) <= most ? Number(v) : undefined);
  switch (f) {
    case "mode": return v === "watch" || v === "act" ? { ...s, mode: v } : undefined;
    case "bulk_from": {
      const n = whole(9);
      return n === undefined ? undefined : { ...s, bulk_from: n };
    }
    case "priority.points": {
      const points = whole(mostPoints);
      return points === undefined ? undefined : { ...s, priority: { ...s.priority, points } };
    }
    case "priority.step": return v === "true" || v === "false" ? { ...s, priority: { ...s.priority, step: v === "true" } } : undefined;
  }
  const t = threatFields.find((x) => x.field === f);
  return t && choicesOf(t.field).includes(v as Treatment) ? { ...s, [t.field]: v } : undefined;
}

/** The settings with what somebody would change; what cannot be is left as it was. */
export function applied(s: Settings, set: Readonly<Record<string, string>>): Settings {
  return Object.entries(set).reduce((now, [f, v]) => withValue(now, f, v) ?? now, s);
}

export interface Difference { field: Field; before: string; after: string }

export function differences(a: Settings, b: Settings): Difference[] {
  return fields.map((field) => ({ field, before: valueOf(a, field), after: valueOf(b, field) })).filter((d) => d.before !== d.after);
}

/** The differences as the address carries them. */
export function setOf(a: Settings, b: Settings): Record<string, string> {
  return Object.fromEntries(differences(a, b).map((d) => [d.field, d.after]));
}

export function fieldName(f: string): string {
  const t = threatFields.find((x) => x.field === f);
  if (t) return t.sure ? `${t.name}, ${t.sure.toLowerCase()}` : t.name;
  const names: Record<string, string> = { mode: "Mode", bulk_from: "Bulk level", "priority.points": "Priority accounts, points", "priority.step": "Priority accounts, one step stricter" };
  return names[f] ?? f;
}

export function valueName(f: string, v: string): string {
  switch (f) {
    case "mode": return v === "act" ? "Act" : "Watch";
    case "bulk_from": return v === "0" ? "never" : `from level ${v}`;
    case "priority.points": return v === "0" ? "as for everybody" : `${v} fewer`;
    case "priority.step": return v === "true" ? "on" : "off";
  }
  return treatmentWords[v as Treatment]?.name ?? v;
}

/** What to think about before these settings are saved: what they do that is easily overlooked. */
export function cautions(s: Settings, before: Settings): string[] {
  const out: string[] = [];
  const n = (f: ThreatField) => strictness[s[f] as Treatment] ?? 0;
  if (s.mode === "act" && before.mode === "watch") out.push("Turning it on: from the next message on, mail is kept back as this table says. Until now everything was delivered.");
  if (s.mode === "watch" && before.mode === "act") out.push("Turning it off: from the next message on, everything is delivered, malware too.");
  if (s.malware === "deliver" && s.mode === "act") out.push("Malware would be delivered.");
  if (n("phish_high") < n("phish")) out.push("Phish of high confidence is treated more mildly than phish of normal confidence.");
  if (n("spam_high") < n("spam")) out.push("Spam of high confidence is treated more mildly than spam of normal confidence.");
  const dropped = threatFields.filter((t) => s[t.field] === "drop").map((t) => fieldName(t.field));
  if (dropped.length > 0) out.push(`${dropped.join("; ")}: thrown away. A wrong verdict cannot be made good.`);
  const refused = threatFields.filter((t) => (t.field === "spam" || t.field === "bulk") && (s[t.field] === "reject")).map((t) => fieldName(t.field));
  if (refused.length > 0) out.push(`${refused.join("; ")}: refused. Mailing lists take people off who refuse often.`);
  if (s.bulk !== "deliver" && s.bulk_from === 0) out.push("Bulk has a treatment, but no level from which mail is bulk: it never applies.");
  if (s.bulk === "deliver" && s.bulk_from > 0) out.push("Bulk has a level, but is delivered: it changes nothing.");
  return out;
}
