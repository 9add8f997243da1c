// What a value says of mail, where its column has such values: the colour and the word stand for the same thing as elsewhere.

import type { Meaning } from "../../theme/tokens";

const places: Record<string, Meaning> = {
  Quarantine: "blocked", Dropped: "blocked", Failed: "blocked", "Junk folder": "junked", "Deleted items folder": "removed", Removed: "removed",
};
const actions: Record<string, Meaning> = { Blocked: "blocked", Junked: "junked", Replaced: "replaced", Removed: "removed" };
const verdicts: Record<string, Record<string, Meaning>> = {
  DeliveryAction: actions,
  LatestDeliveryAction: { ...actions, "Moved to quarantine": "removed", "Moved to junk folder": "junked", "Soft delete": "removed", "Hard delete": "removed", "Move to deleted items": "removed", "Move to junk": "junked", Quarantine: "removed" },
  DeliveryLocation: places,
  LatestDeliveryLocation: places,
};

const arrived: Record<string, string> = { DeliveryAction: "Delivered", LatestDeliveryAction: "Delivered", DeliveryLocation: "Inbox/folder", LatestDeliveryLocation: "Inbox/folder" };

/**
 * The meaning of a column's value; undefined when it has none. What arrived is a threat only where the row says that it is one, and
 * clean only where the row says that it is not: threats is the row's ThreatTypes, undefined when the result has no such column.
 */
export function meaningOf(column: string, value: unknown, threats?: string): Meaning | undefined {
  if (typeof value !== "string" || !Object.hasOwn(verdicts, column)) return undefined;
  if (value === arrived[column]) return threats === undefined ? undefined : threats === "" ? "clean" : "threat";
  const known = verdicts[column]!;
  return Object.hasOwn(known, value) ? known[value] : undefined;
}
