import type { Tracked, TrackedAsk } from "./queries";

/** Schedules that can be chosen, in seconds. */
export const evers = [900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400] as const;

/** How far back a run can look. */
export const windows = [900, 1800, 3600, 14_400, 43_200, 86_400, 7 * 86_400, 30 * 86_400] as const;

/** A length of time: "15 minutes", "hour", "7 days". */
export function lengthWords(seconds: number): string {
  const of = (n: number, word: string) => (n === 1 ? word : `${n} ${word}s`);
  if (seconds % 86_400 === 0) return of(seconds / 86_400, "day");
  if (seconds % 3600 === 0) return of(seconds / 3600, "hour");
  return of(Math.round(seconds / 60), "minute");
}

/** When it raises an alert. */
export function conditionWords(t: Pick<TrackedAsk, "condition" | "threshold">): string {
  const n = t.threshold ?? 0;
  if (t.condition === "Above") return `more than ${n}`;
  if (t.condition === "Grows") return n > 0 ? `grows, and at least ${n}` : "grows";
  return "never";
}

/** How a count stands to an earlier one: "+5", "-3", "the same"; "" when there is none. */
export function changeWords(now: number, before: number | undefined): string {
  if (before === undefined) return "";
  const d = now - before;
  return d === 0 ? "the same" : d > 0 ? `+${d}` : `−${-d}`;
}

/** How unlikely a count is by chance alone: "once in 2,300". */
export function chanceWords(chance: number, unit: string): string {
  if (chance >= 0.5) return "usual";
  if (chance < 1e-9) return `less than once in a billion ${unit}s`;
  const times = 1 / chance;
  const rounded = times < 10 ? Math.round(times) : Number(times.toPrecision(2));
  return `once in ${rounded.toLocaleString("en-GB")} ${unit}s`;
}

/** What a tracker does now, in a word. */
export function standing(t: Pick<Tracked, "on" | "stopped" | "waiting" | "last" | "held">): "stopped" | "off" | "failed" | "over" | "waits" | "runs" {
  if (t.stopped !== "") return "stopped";
  if (!t.on) return "off";
  if (t.last && t.last.error !== "") return "failed";
  if (t.held) return "over";
  return t.waiting !== "" ? "waits" : "runs";
}
