// The state of the audit page in the address: what is looked for, and the record that is open. The time range is the app's.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export interface AuditState {
  operator: string;
  /** As the server names it; one that there is not shows nothing. */
  action: string;
  subject: string;
  text: string;
  /** Number of the open record; 0: none. */
  open: number;
  range: Range;
}

export function readAudit(s: Record<string, unknown>): AuditState {
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 200 ? s[k] : "");
  const open = Number(text("open"));
  return { operator: text("operator"), action: text("action"), subject: text("subject"), text: text("text"), open: Number.isSafeInteger(open) && open > 0 ? open : 0, range: readRange(s) };
}

export function writeAudit(s: AuditState): Search {
  const out: Search = {};
  for (const k of ["operator", "action", "subject", "text"] as const) if (s[k] !== "") out[k] = s[k];
  if (s.open > 0) out["open"] = String(s.open);
  return Object.assign(out, writeRange(s.range));
}
