// Settings of a mailbox as they are typed: one value on each line.

import type { Schemas } from "../../api/client";
import { valuesOf } from "./entries";

export type Settings = Schemas["MailboxSettings"];
export type ListField = "safe_senders" | "safe_domains" | "blocked_senders" | "blocked_domains";

export const lists: readonly { field: ListField; label: string; hint: string; one: "address" | "domain" }[] = [
  { field: "safe_senders", label: "Safe senders", hint: "Their mail is not sent to junk.", one: "address" },
  { field: "safe_domains", label: "Safe domains", hint: "The same for a domain and what is under it.", one: "domain" },
  { field: "blocked_senders", label: "Blocked senders", hint: "Their mail goes to junk.", one: "address" },
  { field: "blocked_domains", label: "Blocked domains", hint: "The same for a domain and what is under it.", one: "domain" },
];

/** The first value that cannot be one, in words; "" when all can. The server has the last word. */
export function wrongOf(one: "address" | "domain", text: string): string {
  for (const v of valuesOf(text)) {
    const plain = v.replace(/\[([.@])\]/g, "$1");
    if (one === "address" && !/^[^\s@]+@[^\s@]+$/.test(plain)) return `${v} is no address like name@example.com`;
    if (one === "domain" && !/^@?(\*\.)?[^\s@/:*]+\.[^\s@/:*]+$/.test(plain)) return `${v} is no domain like example.com`;
  }
  return "";
}

export type Texts = Record<ListField, string>;

export function textsOf(s: Settings | undefined): Texts {
  const text = (f: ListField) => (s?.[f] ?? []).join("\n");
  return { safe_senders: text("safe_senders"), safe_domains: text("safe_domains"), blocked_senders: text("blocked_senders"), blocked_domains: text("blocked_domains") };
}

export function settingsOf(t: Texts, junkOff: boolean): Settings {
  return { safe_senders: valuesOf(t.safe_senders), safe_domains: valuesOf(t.safe_domains), blocked_senders: valuesOf(t.blocked_senders), blocked_domains: valuesOf(t.blocked_domains), junk_off: junkOff };
}
