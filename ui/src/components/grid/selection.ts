// Selected rows. Either some, by key, or all that match a filter: then the filter is kept as it was, so that mail which comes
// in later is not swept along.

import type { EmailRow } from "../../api/client";

export interface Frozen { view: string; q: string; from: string; to: string; events: number }

export type Selection = { rows: ReadonlyMap<string, EmailRow>; all?: undefined } | { rows: ReadonlyMap<string, EmailRow>; all: Frozen };

export const nothing: Selection = { rows: new Map() };

/** One email event: a message and a recipient. */
export function keyOf(r: Pick<EmailRow, "NetworkMessageId" | "RecipientEmailAddress">): string {
  return `${r.NetworkMessageId}~${r.RecipientEmailAddress}`;
}

export function toggle(s: Selection, r: EmailRow): Selection {
  const rows = new Map(s.rows);
  const k = keyOf(r);
  if (!rows.delete(k)) rows.set(k, r);
  return { rows };
}

/** Adds the rows from one to the other, both included. */
export function extend(s: Selection, all: readonly EmailRow[], from: number, to: number): Selection {
  const rows = new Map(s.rows);
  for (let i = Math.max(0, Math.min(from, to)); i <= Math.max(from, to) && i < all.length; i++) rows.set(keyOf(all[i]!), all[i]!);
  return { rows };
}

/** What is worth knowing of the selected rows before anything is done with them. */
export function facts(s: Selection): { stillThere: number; priority: number; mailboxes: number } {
  let stillThere = 0, priority = 0;
  const mailboxes = new Set<string>();
  for (const r of s.rows.values()) {
    if (r.outcome === "delivered_threat") stillThere++;
    if (r.IsPriorityAccount) priority++;
    mailboxes.add(r.RecipientEmailAddress);
  }
  return { stillThere, priority, mailboxes: mailboxes.size };
}
