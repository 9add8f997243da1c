// The way of a message as stops and the legs between them. Each Received field tells of one leg: who handed over, and the server
// that wrote the field. So n fields make n legs and n+1 stops, and a stop in between is known from two sides: by the name it
// gives itself, and by the address its successor saw.

import type { Schemas } from "../api/client";
import { capital } from "../text/words";

export type Hop = Schemas["Hop"];

export interface Stop {
  /** What is shown: short for own servers. */
  name: string;
  full: string;
  ip: string;
  /** One of the organisation's own servers: what it says is evidence. */
  own: boolean;
  /** When it wrote the message down; undefined for the first, who wrote nothing. */
  time: Date | undefined;
  note: string;
  odd: readonly Oddity[];
}

/** What is strange, in a few words and in whole. */
export interface Oddity { short: string; long: string }

export interface Leg {
  /** "TLS 1.3", "no TLS", "LMTP"; "" when nothing was noted. */
  how: string;
  /** Undefined when a clock is missing. */
  delayMs: number | undefined;
  /** What is strange about the line and about the wait, in words; "" when nothing is. */
  oddLine: string;
  oddWait: string;
  /** From where on there is evidence instead of claims. */
  boundary: boolean;
}

export interface Way {
  stops: readonly Stop[];
  legs: readonly Leg[];
  /** Between the first and the last clock; those of own servers alone when there are two of them. */
  took: { ms: number; trusted: boolean } | undefined;
}

/** hops are oldest first. */
export function wayOf(hops: readonly Hop[]): Way {
  const first = hops[0];
  if (!first) return { stops: [], legs: [], took: undefined };
  const inside = hops.findIndex((h) => h.trusted);
  const stops: Stop[] = [];
  for (let i = 0; i <= hops.length; i++) {
    const wrote = hops[i - 1], seenBy = hops[i];
    const own = wrote?.trusted ?? false;
    const full = wrote?.by || seenBy?.from || seenBy?.from_name || seenBy?.from_ip || "unknown";
    const ip = seenBy?.from_ip ?? "";
    stops.push({
      name: own ? short(full) : full,
      full,
      ip: ip === full ? "" : ip,
      own,
      time: wrote?.time ? new Date(wrote.time) : undefined,
      note: note(i, inside, hops.length, own),
      odd: [...(wrote?.odd.filter((o) => about(o) === "server") ?? []), ...(seenBy?.odd.filter((o) => about(o) === "client") ?? [])].map(oddity),
    });
  }
  const legs = hops.map((h, i): Leg => {
    const odd = (what: About) => capital(h.odd.filter((o) => about(o) === what).join("; "));
    return { how: how(h), delayMs: i > 0 && h.time && hops[i - 1]?.time ? h.delay_ms : undefined, oddLine: odd("line"), oddWait: odd("wait"), boundary: i === inside };
  });
  return { stops, legs, took: took(hops) };
}

function note(i: number, inside: number, last: number, own: boolean): string {
  if (own) return i === last ? "took it in" : "your server";
  if (i === 0) return "claimed origin";
  return i === inside ? "its address was seen by your server" : "claimed";
}

type About = "client" | "server" | "line" | "wait";

// The server says what is strange about a hop in words. They belong to who handed over, to the line between, to the time it took,
// or else to the server that wrote them down.
function about(odd: string): About {
  if (odd.includes("is a private address") || odd.startsWith("the client ")) return "client";
  if (odd.startsWith("no encryption")) return "line";
  return odd.startsWith("the message waited") ? "wait" : "server";
}

/** The first clause says it; the rest explains. */
export function oddity(text: string): Oddity {
  const cut = text.search(/[:,;](?=\s)/);
  const head = cut > 0 ? text.slice(0, cut) : text;
  return { short: capital(head), long: capital(text) };
}

/** "mx1" of "mx1.example.org"; addresses stay whole. */
function short(host: string): string {
  return /^[\d.]+$|:/.test(host) || !host.includes(".") ? host : host.slice(0, host.indexOf("."));
}

function how(h: Hop): string {
  const tls = /^(?:version=)?(TLS|SSL)[ _v]*([\d._]*)/i.exec(h.tls);
  if (tls) return `${tls[1]!.toUpperCase()} ${tls[2]!.replace(/_/g, ".")}`.trim();
  const protocol = h.with.trim().split(/\s/)[0]?.toUpperCase() ?? "";
  // RFC 3848: the letter S in the name of the protocol says that the line was encrypted.
  if (/^(UTF8)?(E?SMTP|LMTP)SA?$/.test(protocol)) return "TLS";
  if (/^(UTF8)?E?SMTPA?$/.test(protocol)) return "no TLS";
  return protocol.length <= 12 ? protocol : "";
}

function took(hops: readonly Hop[]): Way["took"] {
  const span = (list: readonly Hop[]) => {
    const times = list.flatMap((h) => (h.time ? [Date.parse(h.time)] : []));
    return times.length > 1 ? times.at(-1)! - times[0]! : undefined;
  };
  const trusted = span(hops.filter((h) => h.trusted));
  if (trusted !== undefined && trusted >= 0) return { ms: trusted, trusted: true };
  const all = span(hops);
  return all !== undefined && all >= 0 ? { ms: all, trusted: false } : undefined;
}

/** "0.4 s", "41 s", "6 min", "3 h", "2 days", never more than it was; with a minus when clocks disagree. */
export function lapse(ms: number): string {
  const sign = ms < 0 ? "−" : "";
  const s = Math.abs(ms) / 1000;
  if (s === 0) return "0 s";
  if (s < 10) return `${sign}${Number(s.toFixed(1))} s`;
  if (s < 120) return `${sign}${Math.round(s)} s`;
  if (s < 7200) return `${sign}${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${sign}${Math.floor(s / 3600)} h`;
  return `${sign}${Math.floor(s / 86_400)} days`;
}
