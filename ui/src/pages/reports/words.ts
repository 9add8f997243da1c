import { number } from "../../time/zone";

/** A figure in words: a count, or a length of time. */
export function valueWords({ unit, figure }: { unit: "count" | "seconds"; figure: { value: number } }): string {
  const n = figure.value;
  if (unit === "count") return number(n);
  if (n <= 0) return "–";
  if (n < 90) return `${n} s`;
  if (n < 5400) return `${Math.round(n / 60)} min`;
  return n < 129_600 ? `${Math.round(n / 3600)} h` : `${Math.round(n / 86_400)} days`;
}

export const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** "Mondays at 7:00, Europe/Berlin" */
export function whenWords(o: { rhythm: string; weekday?: string; day?: number; hour: number; zone: string }): string {
  const day = o.rhythm === "daily" ? "Every day" : o.rhythm === "weekly" ? `${o.weekday}s` : `Day ${o.day} of the month`;
  return `${day} at ${o.hour}:00, ${o.zone}`;
}
