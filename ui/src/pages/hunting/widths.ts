// How wide columns are: by what is in them, by what a person chose, and so that a list of few columns fills its place.

import type { Cells, HuntColumn } from "./shapes";
import { numberText, plainText } from "./values";

const letter = 7.5, padding = 26;

/** Widths that fit the head and most of the given rows. */
export function widthsOf(columns: readonly HuntColumn[], rows: readonly Cells[]): number[] {
  return columns.map((c, i) => {
    const head = c.name.length * letter + padding + (c.type === "datetime" ? 48 : 12);
    if (c.type === "datetime") return Math.max(head, 150);
    const lengths = rows.map((r) => (c.type === "dynamic" ? Math.min(60, plainText(r[i]).length) : typeof r[i] === "number" ? numberText(r[i]).length : plainText(r[i]).length)).sort((a, b) => a - b);
    const long = lengths[Math.floor(lengths.length * 0.9)] ?? 0;
    return Math.round(Math.max(64, Math.min(c.type === "string" || c.type === "dynamic" ? 380 : 240, Math.max(head, long * letter + padding))));
  });
}

/** Where each column stands. What is left of the room goes to columns of text, or to all. */
export function places(columns: readonly HuntColumn[], natural: readonly number[], kept: Readonly<Record<string, number>>, room: number): { left: number[]; width: number[]; total: number } {
  const width = columns.map((c, i) => (Object.hasOwn(kept, c.name) ? kept[c.name]! : (natural[i] ?? 120)));
  const rest = room - width.reduce((n, w) => n + w, 0);
  if (rest > 0) {
    const free = columns.flatMap((c, i) => (Object.hasOwn(kept, c.name) ? [] : [{ i, text: c.type === "string" || c.type === "dynamic" }]));
    const takers = free.some((f) => f.text) ? free.filter((f) => f.text) : free.slice(-1);
    for (const { i } of takers) width[i]! += Math.floor(rest / takers.length);
  }
  const left: number[] = [];
  let at = 0;
  for (const w of width) {
    left.push(at);
    at += w;
  }
  return { left, width, total: at };
}
