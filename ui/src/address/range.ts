// The one time range of the app, as it stands in the address: ?last=7d, or ?from=...&to=... (RFC 3339, to exclusive).
// The default, the last 48 hours, is not written.

export type Range = { last: string } | { from: string; to: string };

export const standard: Range = { last: "48h" };

/** Without a range in the address the dashboard shows a week. */
export const week: Range = { last: "7d" };

/** What a page shows when its address says no range. */
export const usualOn = (path: string): Range => (path === "/dashboard" ? week : standard);

const units: Record<string, number> = { m: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds of a relative range such as "48h" or "7d"; undefined when it is none. Ten years at most. */
export function seconds(last: string): number | undefined {
  const m = /^([1-9]\d{0,5})([mhdw])$/.exec(last);
  if (!m) return undefined;
  const s = Number(m[1]) * (units[m[2]!] ?? 0);
  return s <= 3660 * 86400 ? s : undefined;
}

/** Presets of the picker, shortest first; "all" reaches back to the oldest mail. */
export const presets = ["1h", "4h", "24h", "48h", "7d", "30d", "90d", "all"] as const;

const words: Record<string, string> = { m: "minute", h: "hour", d: "day", w: "week" };

/** "Last 7 days", "All mail" */
export function relativeName(last: string): string {
  if (last === "all") return "All mail";
  const m = /^(\d+)([mhdw])$/.exec(last);
  if (!m) return last;
  const word = words[m[2]!]!;
  return m[1] === "1" ? `Last ${word}` : `Last ${m[1]} ${word}s`;
}

/** Reads the range from an address; what makes no sense is read as the default, which a page may have of its own. */
export function readRange(search: Record<string, unknown>, usual: Range = standard): Range {
  const { last, from, to } = search;
  if (typeof from === "string" && typeof to === "string") {
    const f = Date.parse(from), t = Date.parse(to);
    if (!Number.isNaN(f) && !Number.isNaN(t) && f < t) return { from: canonical(f), to: canonical(t) };
  }
  if (typeof last === "string" && (last === "all" || seconds(last) !== undefined)) return { last };
  return usual;
}

/** The same for the address; the default writes nothing. */
export function writeRange(r: Range, usual: Range = standard): { last?: string; from?: string; to?: string } {
  if ("last" in r) return "last" in usual && r.last === usual.last ? {} : { last: r.last };
  return { from: r.from, to: r.to };
}

export interface Instants { from: Date; to: Date }

/** The instants a range means when the clock says now; oldest is the time of the oldest mail, for "all". */
export function resolve(r: Range, now: Date, oldest?: Date): Instants {
  if ("from" in r) return { from: new Date(r.from), to: new Date(r.to) };
  if (r.last === "all") return { from: oldest && oldest < now ? oldest : new Date(now.getTime() - 3650 * 86400_000), to: now };
  return { from: new Date(now.getTime() - (seconds(r.last) ?? 172800) * 1000), to: now };
}

/** A link that means the same tomorrow: what was relative says which times were looked at. */
export function fixedLink(href: string, range: Range, { from, to }: Instants): string {
  const u = new URL(href);
  if ("last" in range) {
    u.searchParams.delete("last");
    u.searchParams.set("from", canonical(from.getTime()));
    u.searchParams.set("to", canonical(to.getTime()));
  }
  return u.toString();
}

function canonical(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
