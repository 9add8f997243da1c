// Which of several queries in one text is meant. An empty line or a semicolon parts queries, as in other tools for Kusto; but an
// empty line inside a query that plainly goes on (after a let, before a pipe, between brackets) is only an empty line, because
// queries on the web are full of them. What is right, the server says; here is only where one begins and ends.

export interface Statement {
  /** The first and the last character of it, without the space around it. */
  from: number;
  to: number;
  /** What is sent: the text from `from` to `to`, with other queries between replaced by spaces, so that places stay the same. */
  text: string;
  /** Where its own query begins, behind the lets it shares with others. */
  body: number;
}

interface Piece { from: number; to: number; word: string; end: "line" | "semicolon" | "text"; pipe: boolean; comment: boolean }

/** The end of a comment or string that begins at i; i when neither does. */
export function skip(text: string, i: number): number {
  if (text.startsWith("//", i)) {
    const end = text.indexOf("\n", i);
    return end < 0 ? text.length : end;
  }
  for (const fence of ["```", "~~~"]) {
    if (text.startsWith(fence, i)) {
      const end = text.indexOf(fence, i + 3);
      return end < 0 ? text.length : end + 3;
    }
  }
  const verbatim = text[i] === "@" && (text[i + 1] === '"' || text[i + 1] === "'");
  const at = verbatim ? i + 1 : i;
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return i;
  for (let j = at + 1; j < text.length; j++) {
    const c = text[j];
    if (!verbatim && c === "\\") j++;
    else if (c === quote) {
      if (verbatim && text[j + 1] === quote) j++;
      else return j + 1;
    } else if (!verbatim && c === "\n") return j;
  }
  return text.length;
}

function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = -1, to = 0, code = -1, depth = 0;
  const close = (end: Piece["end"]) => {
    if (from >= 0) {
      const word = code < 0 ? "" : (/^[A-Za-z_][\w-]*/.exec(text.slice(code, code + 64))?.[0] ?? "");
      out.push({ from, to, word, end, pipe: code >= 0 && text[code] === "|", comment: code < 0 });
    }
    from = code = -1;
    depth = 0;
  };
  for (let i = 0; i < text.length; ) {
    const c = text[i]!;
    const past = skip(text, i);
    if (past > i) {
      if (from < 0) from = i;
      if (code < 0 && !text.startsWith("//", i)) code = i;
      to = i = past;
      continue;
    }
    if (c === "\n" && depth === 0 && /^\n[ \t\r]*\n/.test(text.slice(i, i + 200))) close("line");
    else if (c === ";" && depth === 0) {
      if (from < 0) from = i;
      to = i + 1;
      close("semicolon");
    } else if (!/\s/.test(c)) {
      if (from < 0) from = i;
      if (code < 0) code = i;
      if ("([{".includes(c)) depth++;
      else if (")]}".includes(c)) depth = Math.max(0, depth - 1);
      to = i + 1;
    }
    i++;
  }
  close("text");
  return out;
}

const preludes = new Set(["let", "set", "declare", "alias", "restrict"]);

/** The queries of a text, in order. */
export function statements(text: string): Statement[] {
  // Pieces that go on after an empty line are one; comments stand with what follows them.
  const joined: Piece[] = [];
  for (const p of pieces(text)) {
    const before = joined.at(-1);
    if (before && before.end === "line" && !before.comment && (p.pipe || p.word === "")) {
      if (!p.comment) Object.assign(before, { to: p.to, end: p.end });
      else joined.push({ ...p });
    } else if (before?.comment) Object.assign(before, { to: p.to, end: p.end, word: p.word, pipe: p.pipe, comment: p.comment });
    else joined.push({ ...p });
  }
  const out: Statement[] = [];
  let lets: Piece[] = [];
  let fresh = true;
  for (const p of joined) {
    if (p.comment && p.word === "") continue;
    if (fresh) lets = [];
    if (preludes.has(p.word)) {
      lets.push(p);
      fresh = false;
      continue;
    }
    out.push(assemble(text, lets, p));
    fresh = p.end === "line";
  }
  // Lets without a query are sent as they are, and the server says what is missing.
  const last = lets.at(-1);
  if (last && (out.length === 0 || out.at(-1)!.to < last.from)) out.push(assemble(text, lets.slice(0, -1), last));
  return out;
}

function assemble(text: string, lets: readonly Piece[], p: Piece): Statement {
  const from = lets[0]?.from ?? p.from;
  let sent = "", at = from;
  for (const part of [...lets, p]) {
    sent += text.slice(at, part.from).replace(/[^\n]/g, " ") + text.slice(part.from, part.to);
    at = part.to;
  }
  return { from, to: p.to, text: sent, body: p.from };
}

/** The query that a place in the text belongs to: the one it is in, else the one before it, else the first. */
export function statementAt(all: readonly Statement[], pos: number): number {
  if (all.length === 0) return -1;
  let at = 0;
  all.forEach((s, i) => {
    // Shared lets belong to the first query that follows them.
    const begins = i > 0 && all[i - 1]!.from === s.from ? s.body : s.from;
    if (begins <= pos) at = i;
  });
  return at;
}

/** Where an octet of the text's UTF-8 is, as a place in the string. */
export function placeOf(text: string, octet: number): number {
  const octets = new TextEncoder().encode(text);
  return new TextDecoder().decode(octets.subarray(0, Math.max(0, Math.min(octet, octets.length)))).length;
}

/** Line and column, both from 1 and in characters, as a place in the string. */
export function placeAt(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  let left = column - 1;
  while (left-- > 0 && at < text.length && text[at] !== "\n") at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** Adds an operator to a query: at its end, but before the chart it asks for. */
export function addOperator(query: string, operator: string): string {
  let cut = query.length, last = -1, depth = 0;
  for (let i = 0; i < query.length; ) {
    const past = skip(query, i);
    if (past > i) {
      i = past;
      continue;
    }
    const c = query[i]!;
    if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (c === "|" && depth === 0) last = i;
    i++;
  }
  let tail = "";
  if (last >= 0 && /^\|\s*render\b/.test(query.slice(last))) {
    tail = "\n" + query.slice(last).replace(/[\s;]+$/, "");
    cut = last;
  }
  const head = query.slice(0, cut).replace(/[\s;]+$/, "");
  return `${head}\n| ${operator}${tail}`;
}

/** Text as a literal of KQL. */
export function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")
    // What cannot be seen is written so that it can.
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => {
      const code = c.codePointAt(0)!;
      return code > 0xffff ? "\\U" + code.toString(16).padStart(8, "0") : "\\u" + code.toString(16).padStart(4, "0");
    });
  return `"${escaped}"`;
}

/** A column as it is named in a query. */
export function named(column: string): string {
  return /^[A-Za-z_]\w*$/.test(column) ? column : `[${quoted(column)}]`;
}

/** A condition on a column's value, as the type wants it; undefined when there is no saying it. */
export function condition(column: string, type: string, value: unknown, wanted: boolean): string | undefined {
  const name = named(column);
  const op = wanted ? "==" : "!=";
  if (value === null || value === undefined) return type === "string" ? undefined : `${wanted ? "isnull" : "isnotnull"}(${name})`;
  switch (type) {
    case "string":
      if (value === "") return `${wanted ? "isempty" : "isnotempty"}(${name})`;
      return `${name} ${op} ${quoted(String(value))}`;
    case "bool":
      return `${name} ${op} ${String(value)}`;
    case "int":
    case "long":
      return /^-?\d+$/.test(String(value)) ? `${name} ${op} ${String(value)}` : undefined;
    case "real":
    case "decimal":
      return Number.isFinite(Number(value)) ? `${name} ${op} ${String(value)}` : undefined;
    case "datetime":
      return `${name} ${op} datetime(${String(value)})`;
    case "timespan":
      return `${name} ${op} timespan(${String(value)})`;
    case "guid":
      return `${name} ${op} guid(${String(value)})`;
    case "dynamic":
      return typeof value === "string" && value !== "" ? `tostring(${name}) ${op} ${quoted(value)}` : undefined;
    default:
      return undefined;
  }
}

const units: Record<string, number> = { d: 86400, h: 3600, m: 60, s: 1 };

/** How far back the query itself looks with ago(), in seconds: the farthest; undefined when it does not say. */
export function looksBack(query: string): number | undefined {
  let far: number | undefined;
  for (let i = 0; i < query.length; ) {
    const past = skip(query, i);
    if (past > i) {
      i = past;
      continue;
    }
    const m = /^ago\s*\(\s*(\d+(?:\.\d+)?)\s*(d|h|m|s)(?:ays?|ours?|inutes?|econds?)?\s*\)/.exec(query.slice(i, i + 40));
    if (m && !/[\w.]/.test(query[i - 1] ?? " ")) far = Math.max(far ?? 0, Number(m[1]) * units[m[2]!]!);
    i += m ? m[0].length : 1;
  }
  return far;
}
