// Colours for the KQL line. This is not a parser: it never says what is right, only what a word looks like.

export interface Span {
  text: string;
  kind: "table" | "keyword" | "operator" | "string" | "number" | "comment" | "plain";
}

const operators = "has|has_any|has_all|has_cs|hasprefix|hassuffix|contains|contains_cs|startswith|endswith|in|between|matches|regex|not|ipv4_is_in_range|ipv4_is_match|isempty|isnotempty|isnull|isnotnull";
const keywords = "where|summarize|extend|project|count|by|and|or|take|limit|top|sort|order|asc|desc|distinct|join|kind|on|let|union|search|true|false";

const token = new RegExp(
  [
    /(?<comment>\/\/[^\n]*)/,
    /(?<string>[hH]?@?"(?:[^"\\\n]|\\.)*"?|[hH]?@?'(?:[^'\\\n]|\\.)*'?)/,
    new RegExp(`(?<operator>!?~?\\b(?:${operators})\\b~?|![a-z_]+)`),
    new RegExp(`(?<keyword>\\b(?:${keywords})\\b)`),
    /(?<number>\b\d[\w.]*\b)/,
    /(?<plain>[A-Za-z_]\w*|[^\w"']+?(?=[A-Za-z0-9_"'/!]|$)|.)/,
  ].map((r) => r.source).join("|"),
  "gsu",
);

/** The text in coloured pieces; joined they are the text again. */
export function highlight(kql: string): Span[] {
  const out: Span[] = [];
  let first = true;
  for (const m of kql.matchAll(token)) {
    const found = Object.entries(m.groups ?? {}).find(([, v]) => v !== undefined);
    let kind = (found?.[0] ?? "plain") as Span["kind"];
    if (first && /^\w/.test(m[0])) {
      if (kind === "plain") kind = "table";
      first = false;
    }
    const last = out.at(-1);
    if (last && last.kind === kind) last.text += m[0];
    else out.push({ text: m[0], kind });
  }
  return out;
}
