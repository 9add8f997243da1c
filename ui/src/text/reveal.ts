// Hostile text, made safe to look at. Senders choose subjects, names and addresses; a right-to-left override in one of
// them turns "exe.fdp" into what looks like a PDF, and a zero-width space hides a word from a reader's eye. Nothing is
// removed here: what cannot be seen is named.

export interface Piece {
  text: string;
  /** Name of a character that would not be seen, such as "right-to-left override (U+202E)"; undefined for plain text. */
  hidden?: string;
}

const names: Record<number, [short: string, long: string]> = {
  0x00: ["NUL", "null"], 0x09: ["TAB", "tab"], 0x0a: ["LF", "line feed"], 0x0d: ["CR", "carriage return"], 0x1b: ["ESC", "escape"], 0x7f: ["DEL", "delete"],
  0xad: ["SHY", "soft hyphen"], 0x034f: ["CGJ", "combining grapheme joiner"], 0x061c: ["ALM", "Arabic letter mark"], 0x115f: ["HCF", "Hangul filler"],
  0x1160: ["HJF", "Hangul filler"], 0x180e: ["MVS", "Mongolian vowel separator"], 0x200b: ["ZWSP", "zero-width space"], 0x200c: ["ZWNJ", "zero-width non-joiner"],
  0x200d: ["ZWJ", "zero-width joiner"], 0x200e: ["LRM", "left-to-right mark"], 0x200f: ["RLM", "right-to-left mark"], 0x2028: ["LS", "line separator"],
  0x2029: ["PS", "paragraph separator"], 0x202a: ["LRE", "left-to-right embedding"], 0x202b: ["RLE", "right-to-left embedding"],
  0x202c: ["PDF", "pop directional formatting"], 0x202d: ["LRO", "left-to-right override"], 0x202e: ["RLO", "right-to-left override"],
  0x2060: ["WJ", "word joiner"], 0x2066: ["LRI", "left-to-right isolate"], 0x2067: ["RLI", "right-to-left isolate"], 0x2068: ["FSI", "first strong isolate"],
  0x2069: ["PDI", "pop directional isolate"], 0x3164: ["HF", "Hangul filler"], 0xfeff: ["BOM", "zero-width no-break space"], 0xffa0: ["HF", "Hangul filler"],
};

// Controls, formatting characters, line separators, fillers, lone surrogates, and tag characters. The joiner inside an emoji
// sequence is left alone: there it draws one picture and hides nothing.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u3164\uffa0]/u;
const joined = /(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic})/gu;

/** Splits s into plain pieces and named characters that would not be seen. */
export function reveal(s: string): Piece[] {
  if (!unseen.test(s)) return s === "" ? [] : [{ text: s }];
  const keep = new Set<number>();
  for (const m of s.matchAll(joined)) keep.add(m.index);
  const out: Piece[] = [];
  let plain = "";
  let at = 0;
  for (const ch of s) {
    if (unseen.test(ch) && !keep.has(at)) {
      if (plain !== "") out.push({ text: plain });
      plain = "";
      const code = ch.codePointAt(0) ?? 0;
      const hex = "U+" + code.toString(16).toUpperCase().padStart(4, "0");
      const known = names[code];
      out.push({ text: known ? known[0] : hex, hidden: known ? `${known[1]} (${hex})` : hex });
    } else {
      plain += ch;
    }
    at += ch.length;
  }
  if (plain !== "") out.push({ text: plain });
  return out;
}

/** The same as one line of text, for names that a screen reader speaks and for titles. */
export function revealed(s: string): string {
  return reveal(s).map((p) => (p.hidden ? `[${p.text}]` : p.text)).join("");
}
