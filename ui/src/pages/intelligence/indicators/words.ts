import type { IndicatorKind } from "../../../address/indicators";
import { number } from "../../../time/zone";
import type { Indicator, Seen } from "./queries";

// What indicators are called, in words.

export const kindWords: Record<IndicatorKind, string> = { url: "URL", domain: "Domain", ip: "IP address", hash: "File hash", sender: "Sender", subject: "Subject" };

export const kindMeans: Record<IndicatorKind, string> = {
  url: "This address, with or without a query behind it; http and https are one.",
  domain: "Links to it and mail from it, with everything below it.",
  ip: "Mail that this server, or one of this network, handed over, and links to it.",
  hash: "Files with this MD5, SHA-1 or SHA-256.",
  sender: "Mail whose From is this address.",
  subject: "Subjects with these words in this order; a star stands for anything.",
};

/** The column of hunting that the value is looked up in, for the value menu. */
export function fieldOf(kind: IndicatorKind, value: string): string | undefined {
  switch (kind) {
    case "url": return "Url";
    case "domain": return "UrlDomain";
    case "sender": return "SenderFromAddress";
    case "ip": return value.includes("/") ? undefined : value.includes(":") ? "SenderIPv6" : "SenderIPv4";
    case "hash": return value.length === 64 ? "SHA256" : value.length === 40 ? "SHA1" : "MD5";
    default: return undefined;
  }
}

/** How a value of the kind is made harmless to look at. */
export function lookOf(kind: IndicatorKind): string {
  return kind === "sender" ? "SenderFromAddress" : kind === "ip" ? "SenderIPv4" : kind === "hash" ? "SHA256" : kind === "subject" ? "Subject" : kind === "domain" ? "UrlDomain" : "Url";
}

export const stateWords: Record<Indicator["state"], string> = { suspicious: "Suspicious", confirmed: "Confirmed", retired: "Retired" };

/** What it does now, when that is not what its state says. */
export function nowWords(i: Pick<Indicator, "now">): string {
  return i.now === "at work" || i.now === "retired" ? "" : i.now;
}

/** "12 messages to 9 people, 4 still in a mailbox" */
export function seenWords(s: Pick<Seen, "messages" | "people" | "in_mailbox" | "clicks" | "more">): string {
  if (s.messages === 0 && s.clicks === 0) return "In no mail of the last 30 days";
  const n = (x: number, one: string, many: string) => `${number(x)} ${x === 1 ? one : many}`;
  return `${s.more ? "At least " : ""}${n(s.messages, "message", "messages")} to ${n(s.people, "person", "people")}, ${s.in_mailbox === 0 ? "none in a mailbox now" : `${number(s.in_mailbox)} still in a mailbox`}${s.clicks > 0 ? `, ${n(s.clicks, "click", "clicks")}` : ""}`;
}

/** The values of a pasted text: one a line, or separated by commas or tabs where nothing else is in the line. */
export function valuesOf(text: string): string[] {
  const out: string[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const parts = /\s/.test(line.trim()) ? line.split(/[\t;]/) : line.split(/[\t;,]/);
    for (const p of parts) {
      const v = p.trim();
      if (v !== "" && !v.startsWith("#") && !out.includes(v)) out.push(v);
    }
  }
  return out.slice(0, 5000);
}
