import type { Schemas } from "../../api/client";

type EmailURL = Schemas["EmailURL"];
type Signal = Schemas["Signal"];

/** The same link in the same words, however often it stands in the message. */
export interface LinkRow {
  link: EmailURL;
  times: number;
  /** What spoke for a threat and names it; that a sender links to its own pages is no news about a link. */
  claims: readonly Signal[];
}

/** Links that speak for a threat first, heaviest on top; otherwise in the order of the message. */
export function linkRows(urls: readonly EmailURL[], signals: readonly Signal[]): LinkRow[] {
  const byId = new Map(signals.map((s) => [s.id, s]));
  const rows = new Map<string, { link: EmailURL; times: number; ids: Set<string> }>();
  for (const link of urls) {
    const key = JSON.stringify([link.url, link.text, link.location]);
    const row = rows.get(key);
    if (row) {
      row.times++;
      for (const id of link.signals) row.ids.add(id);
    } else rows.set(key, { link, times: 1, ids: new Set(link.signals) });
  }
  const weight = (r: LinkRow) => r.claims.reduce((n, s) => n + s.weight, 0);
  return [...rows.values()]
    .map(({ link, times, ids }): LinkRow => ({ link, times, claims: [...ids].flatMap((id) => byId.get(id) ?? []).filter((s) => s.weight > 0).sort((a, b) => b.weight - a.weight) }))
    .sort((a, b) => weight(b) - weight(a));
}

const places: Record<EmailURL["location"], string> = { Body: "text", Subject: "subject", Header: "header", Attachment: "attachment", QRCode: "QR code" };

/** Where a link stands: "text, <a>", "QR code". */
export function placeOf(link: Pick<EmailURL, "location" | "tag">): string {
  return places[link.location] + (link.tag && link.tag !== "text" && link.location !== "QRCode" ? `, <${link.tag}>` : "");
}
