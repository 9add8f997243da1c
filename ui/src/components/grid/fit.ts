// Which columns fit. A list is never wider than its place: it drops columns, in an order that keeps the answer in sight.

interface Sized { field: string; min: number; grow: number }

/** What goes first when room is short; columns a person added go before these. Subject, recipient, verdict and action stay. */
const dropped = ["SenderIPv4", "LatestDeliveryLocation", "DetectionTechnologies", "SenderFromAddress"];
const kept = new Set(["Timestamp", "Subject", "RecipientEmailAddress", "ThreatTypes", "DeliveryAction"]);

/** The columns that fit into width pixels, in their order. */
export function fit<T extends Sized>(columns: readonly T[], width: number): T[] {
  const out = [...columns];
  const total = () => out.reduce((n, c) => n + c.min, 0);
  const drop = (field: string) => {
    const i = out.findIndex((c) => c.field === field);
    if (i >= 0) out.splice(i, 1);
  };
  const extra = out.filter((c) => !kept.has(c.field) && !dropped.includes(c.field)).map((c) => c.field).reverse();
  for (const field of [...extra, ...dropped]) {
    if (total() <= width) break;
    drop(field);
  }
  return out;
}

/** Tracks of a CSS grid: least widths, and what is left shared out by weight. */
export function tracks(columns: readonly Sized[]): string {
  return columns.map((c) => (c.grow > 0 ? `minmax(${c.min}px, ${c.grow}fr)` : `${c.min}px`)).join(" ");
}
