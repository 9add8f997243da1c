// What stands where in the text of a rule: YAML around, CEL in when and evidence. Enough to colour it and to know what may be written
// at a place; whether it is right, the server says.

export type Kind = "key" | "string" | "number" | "word" | "function" | "name" | "comment" | "quiet" | "plain";
export interface Span { from: number; to: number; kind: Kind }

interface Line { from: number; text: string; mode: "yaml" | "cel" | "block" | "inline"; /** Where CEL begins in the line. */ at: number; key: string }

const expressions = new Set(["when", "evidence"]);

/** Every line with what it is: YAML, a line of an expression, or a line of another block of text. */
function lines(text: string): Line[] {
  const out: Line[] = [];
  let from = 0;
  let block: { indent: number; key: string } | undefined;
  for (const line of text.split("\n")) {
    const indent = /^ */.exec(line)![0].length;
    if (block && (line.trim() === "" || indent > block.indent)) {
      out.push({ from, text: line, mode: expressions.has(block.key) ? "cel" : "block", at: indent, key: block.key });
    } else {
      block = undefined;
      const m = /^( *(?:- +)*)([A-Za-z_]+)(\s*:)(?:\s+(.*))?$/.exec(line);
      const value = m?.[4]?.trim() ?? "";
      if (m && /^[|>][+-]?\d?\s*(#.*)?$/.test(value)) {
        block = { indent: m[1]!.length, key: m[2]! };
        out.push({ from, text: line, mode: "yaml", at: 0, key: m[2]! });
      } else if (m && expressions.has(m[2]!) && value !== "") out.push({ from, text: line, mode: "inline", at: line.length - m[4]!.length, key: m[2]! });
      else out.push({ from, text: line, mode: "yaml", at: 0, key: m?.[2] ?? "" });
    }
    from += line.length + 1;
  }
  return out;
}

const celToken = /(\/\/.*)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)|(\b\d+(?:\.\d+)?\b)|([A-Za-z_]\w*)|([&|!<>=+\-*/%?:]+)/g;
const words = new Set(["true", "false", "null", "in"]);
const roots = new Set(["msg", "auth", "org", "direction", "recipients", "signals"]);

function cel(text: string, offset: number, out: Span[]): void {
  for (const m of text.matchAll(celToken)) {
    const at = offset + m.index;
    const put = (kind: Kind) => out.push({ from: at, to: at + m[0].length, kind });
    if (m[1]) put("comment");
    else if (m[2]) put("string");
    else if (m[3]) put("number");
    else if (m[5]) put("quiet");
    else if (m[4]) {
      if (words.has(m[4])) put("word");
      else if (/^\s*\(/.test(text.slice(m.index + m[4].length))) put("function");
      else if (roots.has(m[4]) && text[m.index - 1] !== ".") put("name");
    }
  }
}

export function colour(text: string): Span[] {
  const out: Span[] = [];
  for (const l of lines(text)) {
    if (l.mode === "cel" || l.mode === "inline") cel(l.text.slice(l.at), l.from + l.at, out);
    if (l.mode === "block") {
      if (l.text.trim() !== "") out.push({ from: l.from + l.at, to: l.from + l.text.length, kind: "plain" });
      continue;
    }
    if (l.mode === "cel") continue;
    const comment = /^\s*#/.exec(l.text);
    if (comment) {
      out.push({ from: l.from, to: l.from + l.text.length, kind: "comment" });
      continue;
    }
    const m = /^( *(?:- +)*)([A-Za-z_]+)(\s*:)(?=\s|$)/.exec(l.text);
    if (!m) continue;
    const start = l.from + m[1]!.length;
    out.push({ from: start, to: start + m[2]!.length, kind: "key" });
    if (l.mode === "inline") continue;
    const rest = l.from + m[0].length;
    const value = l.text.slice(m[0].length);
    const hash = /\s#.*$/.exec(value);
    const body = hash ? value.slice(0, hash.index) : value;
    const v = /^(\s*)(.*?)\s*$/.exec(body)!;
    const kind: Kind = /^-?\d+(\.\d+)?$/.test(v[2]!) ? "number" : /^(true|false)$/.test(v[2]!) ? "word" : /^["']/.test(v[2]!) ? "string" : /^[|>]/.test(v[2]!) ? "quiet" : "plain";
    if (v[2] !== "" && kind !== "plain") out.push({ from: rest + v[1]!.length, to: rest + v[1]!.length + v[2]!.length, kind });
    if (hash) out.push({ from: rest + hash.index, to: l.from + l.text.length, kind: "comment" });
  }
  return out.sort((a, b) => a.from - b.from);
}

export type Place =
  | { in: "cel"; /** Of the expression, up to the place. */ before: string }
  | { in: "key"; of: "" | "samples" | "auth"; word: string }
  | { in: "value"; key: string; word: string }
  | { in: "text" };

/** What may be written at a place. */
export function placeAt(text: string, pos: number): Place {
  const all = lines(text);
  let i = all.findIndex((l) => pos <= l.from + l.text.length);
  if (i < 0) i = all.length - 1;
  const l = all[i]!;
  const before = l.text.slice(0, pos - l.from);
  if (l.mode === "cel" || (l.mode === "inline" && before.length >= l.at)) {
    if (l.mode === "inline") return { in: "cel", before: before.slice(l.at) };
    let first = i;
    while (first > 0 && all[first - 1]!.mode === "cel" && all[first - 1]!.key === l.key) first--;
    return { in: "cel", before: text.slice(all[first]!.from, pos) };
  }
  if (l.mode === "block") return { in: "text" };
  if (/#/.test(before.replace(/"[^"]*"|'[^']*'/g, "")) && /(^|\s)#/.test(before)) return { in: "text" };
  const flow = /\bauth:\s*\{(?:[^{}]*,)?\s*([A-Za-z_]*)$/.exec(before);
  if (flow) return { in: "key", of: "auth", word: flow[1]! };
  const value = /^ *(?:- +)*([A-Za-z_]+)\s*:\s+([^#]*)$/.exec(before);
  if (value) return { in: "value", key: value[1]!, word: value[2]! };
  const key = /^( *)((?:- +)*)([A-Za-z_]*)$/.exec(before);
  if (!key) return { in: "text" };
  if (key[1] === "" && key[2] === "") return { in: "key", of: "", word: key[3]! };
  // The nearest line with less before it says what the keys belong to.
  const indent = key[1]!.length + key[2]!.length;
  for (let k = i - 1; k >= 0; k--) {
    const up = all[k]!;
    if (up.mode === "block" || up.mode === "cel" || up.key === "") continue;
    const at = /^ *(?:- +)*/.exec(up.text)![0].length;
    if (at >= indent) continue;
    if (up.key === "samples" || up.key === "auth") return { in: "key", of: up.key, word: key[3]! };
    return { in: "text" };
  }
  return { in: "text" };
}

/** Whether the end of an expression lies within quotes, and what stands before them. */
export function quoteAt(before: string): { open: string; call: string } | undefined {
  let quote = "", at = 0;
  for (let i = 0; i < before.length; i++) {
    const c = before[i]!;
    if (quote) {
      if (c === "\\") i++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") {
      quote = c;
      at = i;
    } else if (c === "/" && before[i + 1] === "/") {
      const end = before.indexOf("\n", i);
      if (end < 0) return { open: "", call: "//" };
      i = end;
    }
  }
  if (!quote) return undefined;
  return { open: before.slice(at + 1), call: /(\w+)\s*\(\s*$/.exec(before.slice(0, at))?.[1] ?? "" };
}
