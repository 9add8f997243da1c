import type { Hunt } from "../indicators/queries";

// Retro-hunts in words.

export const huntWords: Record<Hunt["state"], string> = { queued: "Waits", running: "At work", done: "Done", failed: "Failed", cancelled: "Cancelled" };

/** "30 days": how far back a search looks. */
export function reach(h: Pick<Hunt, "since" | "until">): string {
  const hours = (Date.parse(h.until) - Date.parse(h.since)) / 3_600_000;
  return hours > 72 ? `${Math.round(hours / 24)} days` : `${Math.max(1, Math.round(hours))} hours`;
}
