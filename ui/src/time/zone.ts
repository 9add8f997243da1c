// Time as it is read: in UTC or in the reader's own zone, chosen once for the whole app. Copies are always RFC 3339 in UTC.

export type Zone = "utc" | "local";

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(t: Date, zone: Zone): Record<string, string> {
  let f = formats.get(zone);
  if (!f) {
    f = new Intl.DateTimeFormat("en-GB", {
      year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    });
    formats.set(zone, f);
  }
  const out: Record<string, string> = {};
  for (const p of f.formatToParts(t)) out[p.type] = p.value;
  // en-GB writes September with four letters; columns want three.
  out["month"] = (out["month"] ?? "").slice(0, 3);
  return out;
}

/** "18 Nov" */
export function day(t: Date, zone: Zone): string {
  const p = parts(t, zone);
  return `${p["day"]} ${p["month"]}`;
}

/** "Wed 18" */
export function weekday(t: Date, zone: Zone): string {
  const p = parts(t, zone);
  return `${p["weekday"]} ${p["day"]}`;
}

/** "14:21:08", or "14:21" without seconds. */
export function clock(t: Date, zone: Zone, seconds = false): string {
  const p = parts(t, zone);
  return seconds ? `${p["hour"]}:${p["minute"]}:${p["second"]}` : `${p["hour"]}:${p["minute"]}`;
}

export function year(t: Date, zone: Zone): number {
  return Number(parts(t, zone)["year"]);
}

/** Name of the zone at that time: "UTC", "CET", "GMT+5:30". */
export function zoneName(t: Date, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const p = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short", hour: "2-digit" }).formatToParts(t);
  return p.find((x) => x.type === "timeZoneName")?.value ?? "local";
}

/** "18 Nov 2026, 14:21:08 UTC": whole, with the zone. */
export function full(t: Date, zone: Zone): string {
  return `${day(t, zone)} ${year(t, zone)}, ${clock(t, zone, true)} ${zoneName(t, zone)}`;
}

/** Both zones, for a title. */
export function both(t: Date): string {
  const offset = t.getTimezoneOffset();
  return offset === 0 ? full(t, "utc") : `${full(t, "utc")}\n${full(t, "local")}`;
}

/** RFC 3339 in UTC, whole seconds when there are no others. */
export function rfc3339(t: Date): string {
  return t.toISOString().replace(".000Z", "Z");
}

/** "11 Nov 14:30 – 18 Nov 14:30", shorter within a day, with years when they are not this one. */
export function span(from: Date, to: Date, zone: Zone, now: Date): string {
  const far = year(from, zone) !== year(now, zone) || year(to, zone) !== year(now, zone);
  const d = (t: Date) => (far ? `${day(t, zone)} ${year(t, zone)}` : day(t, zone));
  if (d(from) === d(to) && year(from, zone) === year(to, zone)) return `${d(from)} ${clock(from, zone)} – ${clock(to, zone)}`;
  return `${d(from)} ${clock(from, zone)} – ${d(to)} ${clock(to, zone)}`;
}

/** What a datetime-local field shows for that instant in that zone. */
export function toField(t: Date, zone: Zone): string {
  const shifted = zone === "utc" ? t : new Date(t.getTime() - t.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The instant that a datetime-local field means in that zone; undefined when it is not a time. */
export function fromField(s: string, zone: Zone): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(s)) return undefined;
  const t = new Date(zone === "utc" ? s + "Z" : s);
  return Number.isNaN(t.getTime()) ? undefined : t;
}

const n = new Intl.NumberFormat("en-GB");

/** "4,213" */
export function number(x: number): string {
  return n.format(x);
}

/** "0.21 s", "12 ms" */
export function took(ms: number): string {
  return ms < 100 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** "4 min", "2 h", "3 days" */
export function lag(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** "hour", "5 minutes", "day": the width of a bar in words. */
export function bucketName(seconds: number): string {
  for (const [unit, s] of [["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]] as const) {
    if (seconds % s === 0) return seconds === s ? unit : `${seconds / s} ${unit}s`;
  }
  return `${seconds} s`;
}
