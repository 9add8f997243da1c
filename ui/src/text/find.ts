// Searching in text that is shown defanged: a reader may type a name as it is or as they see it, and finds it either way.

import { revealed } from "./reveal";

/** What finds the words somebody typed, plain or defanged, in plain or defanged text; undefined when nothing was typed. */
export function finder(typed: string): RegExp | undefined {
  const plain = typed.trim().replace(/\[([.:])\]/g, "$1").replace(/\b(h)xx(ps?)\b/gi, "$1tt$2");
  if (plain === "") return undefined;
  const source = [...plain]
    .map((c) => (c === "." ? "\\[?\\.\\]?" : c === ":" ? "\\[?:\\]?" : /\s/.test(c) ? "\\s+" : c.replace(/[\\^$*+?()[\]{}|/]/g, "\\$&")))
    .join("")
    .replace(/(?:\\s\+)+/g, "\\s+")
    .replace(/http/gi, "h(?:tt|xx)p");
  return new RegExp(source, "giu");
}

export interface Found { text: string; hit: boolean }

/** Parts of text that were found, and those between. */
export function pieces(text: string, re: RegExp | undefined): Found[] {
  if (!re || text === "") return text === "" ? [] : [{ text, hit: false }];
  const out: Found[] = [];
  let at = 0;
  for (const m of text.matchAll(re)) {
    if (m[0] === "") continue;
    if (m.index > at) out.push({ text: text.slice(at, m.index), hit: false });
    out.push({ text: m[0], hit: true });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hit: false });
  return out;
}

/** Whether the text holds it. */
export function holds(text: string, re: RegExp | undefined): boolean {
  return re === undefined || text.search(re) >= 0;
}

/** A block of hostile text as lines; tabs as spaces, so that folded lines are not full of marks. */
export function linesOf(block: string): string[] {
  return block.replace(/\r\n?/g, "\n").replace(/\n$/, "").replace(/\t/g, "    ").split("\n");
}

/** The same as text for the clipboard. */
export function forClipboard(block: string): string {
  return linesOf(block).map(revealed).join("\n");
}
