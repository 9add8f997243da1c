// Allow and block entries, as far as a page can think about them by itself: what kind a value is, what an entry of that kind means,
// and when it ends. What an entry really does is said by the server.

import type { EntryKind } from "../../address/policy";
import type { Schemas } from "../../api/client";

export type Entry = Schemas["Entry"];
export type Action = Entry["action"];

export const kindWords: Record<EntryKind, { name: string; one: string; example: string; means: string }> = {
  sender: { name: "Sender", one: "sender", example: "name@example.com", means: "Matches this address exactly, in From and in the return path." },
  domain: { name: "Domain", one: "domain", example: "example.com", means: "Matches the domain and everything under it: mail.example.com too." },
  ip: { name: "IP address", one: "IP address", example: "192.0.2.7 or 192.0.2.0/24", means: "Matches the server that handed the mail over. A network is written with a slash." },
  url: { name: "URL", one: "URL", example: "https://example.com/path, or a host", means: "A host matches every link to it and to what is under it; a whole URL matches that one link." },
  file: { name: "File", one: "file", example: "SHA-256, SHA-1 or MD5", means: "Matches the file by its hash, whatever it is called." },
};

/** The walls that an allow entry of a kind cannot climb. */
export function walls(kind: EntryKind, unproven: boolean): string[] {
  const out: string[] = [];
  if (kind === "file") return ["It counts only when every other file of the message is allowed too."];
  out.push("It never lets malware in.");
  if (kind === "url") out.push("It counts only when every other link of the message is allowed too.");
  if (kind === "sender" || kind === "domain") {
    out.push(unproven
      ? "Anybody who writes this name into From gets in: authentication is not asked for."
      : "It counts only when authentication proves the sender, or every forger could use it.");
  }
  out.push("A block entry wins over it.");
  return out;
}

/** The kind a value most likely is; undefined when it may be several or none. */
export function guessKind(value: string): EntryKind | undefined {
  const v = value.trim().replace(/\[([.:@])\]/g, "$1").replace(/^hxxp/i, "http");
  if (/^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i.test(v)) return "file";
  if (/^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2})?$/.test(v) || (/^[0-9a-f:]+(\/\d{1,3})?$/i.test(v) && v.split(":").length > 2)) return "ip";
  if (/^https?:\/\//i.test(v) || /^[^\s@/]+\.[^\s@/]+\/./.test(v)) return "url";
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(v)) return "sender";
  if (/^@?(\*\.)?[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+\.?$/u.test(v)) return "domain";
  return undefined;
}

/** Values of a field where one stands on each line, or several with commas where none is a URL; blanks and doubles are gone. */
export function valuesOf(text: string): string[] {
  const parts = text.split("\n").flatMap((line) => (line.includes("/") ? [line] : line.split(/[,;]/)));
  return [...new Set(parts.map((v) => v.trim()).filter((v) => v !== ""))];
}

/** Ends that most entries have, in days; 0 is no end. */
export const ends = [7, 30, 90, 365, 0] as const;

export function endOf(days: number, now: Date): string | undefined {
  return days > 0 ? new Date(now.getTime() + days * 86_400_000).toISOString() : undefined;
}

const wordsOf = (ms: number) => {
  const days = ms / 86_400_000;
  if (days >= 1.5) return `${Math.round(days)} days`;
  const hours = ms / 3_600_000;
  return hours >= 1.5 ? `${Math.round(hours)} hours` : `${Math.max(1, Math.round(ms / 60_000))} minutes`;
};

/** "never", "in 12 days", "expired 3 days ago" */
export function expiryWords(e: Pick<Entry, "expires" | "expired">, now: Date): string {
  if (e.expires === null) return "never";
  const ms = Date.parse(e.expires) - now.getTime();
  return e.expired || ms <= 0 ? `expired ${wordsOf(Math.abs(ms))} ago` : `in ${wordsOf(ms)}`;
}

/** The words of a refusal without the value that stands beside it anyway. */
export function problemWords(text: string): string {
  const rest = text.replace(/^value ".*?": /s, "");
  return rest.replace(/^want /, "it should be ");
}

export interface Offer { kind: EntryKind; value: string; action: Action; label: string }

const senders = new Set(["SenderFromAddress", "SenderMailFromAddress"]);
const domains = new Set(["SenderFromDomain", "SenderMailFromDomain"]);
const addresses = new Set(["SenderIPv4", "SenderIPv6", "SenderIP"]);
const hashes = new Set(["SHA256", "SHA1", "MD5"]);

/** What can be put on the list from a value of a field: block first, then allow, as far as somebody may. */
export function offers(field: string, value: string, may: { block: boolean; edit: boolean }): Offer[] {
  const found: { kind: EntryKind; value: string; word: string }[] = [];
  const add = (kind: EntryKind, v: string, word: string) => {
    if (v !== "") found.push({ kind, value: v, word });
  };
  const at = value.lastIndexOf("@");
  if (senders.has(field) && at > 0) {
    add("sender", value, "sender");
    add("domain", value.slice(at + 1), "domain");
  } else if (domains.has(field)) add("domain", value, "domain");
  else if (addresses.has(field)) add("ip", value, "IP address");
  else if (field === "Url" || field === "UrlTarget") {
    add("url", value, "URL");
    add("url", hostOf(value), "all links to its host");
  } else if (field === "UrlDomain") add("url", value, "links to it");
  else if (hashes.has(field)) add("file", value, "file");
  return [
    ...(may.block ? found.map((f): Offer => ({ kind: f.kind, value: f.value, action: "Block", label: `Block ${f.word}` })) : []),
    ...(may.edit ? found.filter((f) => f.word !== "all links to its host").map((f): Offer => ({ kind: f.kind, value: f.value, action: "Allow", label: `Allow ${f.word}` })) : []),
  ];
}

export function hostOf(url: string): string {
  const m = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]+)/i.exec(url);
  return m?.[1]?.toLowerCase() ?? "";
}

/** Own domains that values are of: blocking them stops the organisation's own mail. */
export function ownAmong(kind: EntryKind, values: readonly string[], own: readonly string[]): string[] {
  if (kind === "ip" || kind === "file") return [];
  return values.filter((v) => {
    const domain = (kind === "sender" ? v.slice(v.lastIndexOf("@") + 1) : kind === "url" ? hostOf(v) || v : v).toLowerCase();
    return own.some((o) => domain === o.toLowerCase());
  });
}
