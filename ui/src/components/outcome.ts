import type { Outcome } from "../api/client";
import type { Meaning } from "../theme/tokens";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Delete16Regular, FolderMail16Regular, Prohibited16Regular, Warning16Filled } from "./icons";

/** What became of an email event: its word, its meaning and its icon. One place for grids, badges and the chart. */
export const outcomes: Record<Outcome, { word: string; long: string; meaning: Meaning; icon: typeof Warning16Filled }> = {
  blocked: { word: "Blocked", long: "Blocked", meaning: "blocked", icon: Prohibited16Regular },
  junked: { word: "Junked", long: "Junked", meaning: "junked", icon: FolderMail16Regular },
  replaced: { word: "Replaced", long: "Attachment replaced", meaning: "replaced", icon: ArrowSync16Regular },
  removed: { word: "Removed", long: "Removed after delivery", meaning: "removed", icon: Delete16Regular },
  delivered_threat: { word: "Delivered", long: "Delivered, still there", meaning: "threat", icon: Warning16Filled },
  delivered: { word: "Delivered", long: "Delivered", meaning: "clean", icon: CheckmarkCircle16Regular },
};

export function isOutcome(s: string): s is Outcome {
  return Object.hasOwn(outcomes, s);
}

/** A delivery location as it is read: the schema's "Inbox/folder" is the inbox for nearly everybody. */
export function placeWord(location: string): string {
  return location === "Inbox/folder" ? "Inbox" : location;
}
