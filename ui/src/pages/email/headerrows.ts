import type { Schemas } from "../../api/client";
import { defangText } from "../../text/defang";
import { holds } from "../../text/find";
import { capital } from "../../text/words";

type HeaderField = Schemas["HeaderField"];
type Hop = Schemas["Hop"];

/** One header field as the list shows it. */
export interface HeaderRow {
  /** Its place from the top, from 0. */
  at: number;
  name: string;
  value: string;
  odd: readonly string[];
  /** A Received field that one of the organisation's own servers wrote. */
  ours: boolean;
}

/** Fields top first, hops oldest first: each Received field is one hop, so both lists meet from opposite ends. */
export function headerRows(headers: readonly HeaderField[], hops: readonly Hop[]): HeaderRow[] {
  const received = headers.filter((h) => h.name.toLowerCase() === "received").length;
  const match = received === hops.length; // otherwise one was cut off or not readable, and nobody knows which is which
  let nth = 0;
  return headers.map((h, at) => {
    const isHop = h.name.toLowerCase() === "received";
    const hop = isHop && match ? hops[hops.length - 1 - nth] : undefined;
    if (isHop) nth++;
    const odd = [...(h.odd ? h.odd.split("; ") : []), ...(hop?.odd ?? [])].map(capital);
    return { at, name: h.name, value: h.value, odd: [...new Set(odd)], ours: hop?.trusted ?? false };
  });
}

/** What is strange first; otherwise as they stood. */
export function oddFirst(rows: readonly HeaderRow[]): HeaderRow[] {
  return [...rows.filter((r) => r.odd.length > 0), ...rows.filter((r) => r.odd.length === 0)];
}

/** Rows whose name or value holds what is looked for, as it stands or as it is shown. */
export function searched(rows: readonly HeaderRow[], re: RegExp | undefined): HeaderRow[] {
  return re ? rows.filter((r) => holds(`${r.name}: ${r.value}`, re) || holds(defangText(r.value), re)) : [...rows];
}
