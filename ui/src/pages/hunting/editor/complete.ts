// What the editor proposes. What may stand at a place, the language service says; what the values of a column are, the schema and the
// store say. What Tocsin's compiler does not have is not proposed.

import { insertCompletionText, pickedCompletion, startCompletion, type Completion as Proposal, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { revealed } from "../../../text/reveal";
import type { HuntFunction, HuntSchema, HuntTable, HuntTableColumn } from "../shapes";
import { quoted, skip, statementAt, statements } from "../statements";
import type { Completion, Kusto } from "./kusto";

export interface Knows {
  kusto: Kusto;
  schema: () => HuntSchema | undefined;
  samples: (table: string, column: string) => Promise<readonly string[]>;
}

/** Names of Kusto that lead to other clusters, databases and stores, and operators that the compiler refuses. */
const elsewhere = /^(cluster|database|entity_group|external_table|graph|materialized_view|stored_query_result|macro-expand|graph-.*|make-graph|consume|facet|fork|reduce|scan|assert-schema|execute_.*)$/;

const words: Record<string, string> = {
  Column: "", Table: "table", BuiltInFunction: "function", LocalFunction: "your function", DatabaseFunction: "function", AggregateFunction: "aggregate", Parameter: "parameter", Variable: "let",
  QueryPrefix: "operator", TabularPrefix: "source", TabularSuffix: "operator", ScalarPrefix: "", ScalarInfix: "", Keyword: "", RenderChart: "chart", ScalarType: "type",
};

/** What is known of a name of a table that is used in the query: its column by that name. */
export function columnOf(schema: HuntSchema | undefined, query: string, name: string): { table: HuntTable; column: HuntTableColumn } | undefined {
  if (!schema) return undefined;
  const used = schema.tables.filter((t) => new RegExp(`\\b${t.name}\\b`).test(query));
  for (const table of [...used, ...schema.tables]) {
    const column = table.columns.find((c) => c.name === name);
    if (column) return { table, column };
  }
  return undefined;
}

/** Whether the last place of a text is within a string or a comment. */
function within(text: string): "string" | "comment" | undefined {
  for (let i = 0; i < text.length; ) {
    const past = skip(text, i);
    if (past > i) {
      if (past >= text.length) {
        if (text.startsWith("//", i)) return "comment";
        const q = text[i] === "@" ? i + 1 : i;
        return past - q >= 2 && text[past - 1] === text[q] && text[past - 2] !== "\\" ? undefined : "string";
      }
      i = past;
    } else i++;
  }
  return undefined;
}

const compared = /([A-Za-z_]\w*)\s*(?:==|!=|=~|!~|<>|!?(?:has|hasprefix|hassuffix|contains|startswith|endswith)(?:_cs)?|!?in~?\s*\([^()]*|has_any\s*\([^()]*|has_all\s*\([^()]*)\s*(@?["'][^"'\n]*)?$/;

export function source(knows: Knows) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const pos = context.pos;
    const all = statements(text);
    const s = all[statementAt(all, pos)];
    // Between queries a new one begins.
    const inside = s && pos >= s.from && /^[^\n]*(\n[ \t]*(?!\n)[^\n]*)?$/.test(text.slice(s.to, Math.max(s.to, pos)));
    const from = inside ? s.from : pos - (context.matchBefore(/\w*/)?.text.length ?? 0);
    const query = inside ? s.text + text.slice(s.to, Math.max(s.to, pos)) : text.slice(from, pos);
    const before = query.slice(0, pos - from);
    const place = within(before);
    if (place === "comment") return null;

    const m = compared.exec(before.slice(-400));
    if (m && (place === "string" || m[2] === undefined)) {
      const known = columnOf(knows.schema(), query, m[1]!);
      if (known && (context.explicit || place === "string" || /\s$/.test(before))) {
        const values = await valuesOf(knows, known);
        const open = place === "string" ? m[2]!.length : 0;
        const typed = open > 0 ? m[2]!.replace(/^@?["']/, "") : "";
        const options = values.filter((v) => v.toLowerCase().includes(typed.toLowerCase())).map((v) => proposeValue(v, known.column.type));
        if (options.length > 0) return { from: pos - open, to: pos, filter: false, options };
      }
    }
    if (place === "string") return null;
    const word = context.matchBefore(/[\w-]+/);
    const edge = /(^|[|(,=<>\n]|\b(?:by|and|or|on|where|extend|project|summarize|kind|as|from)|[\w)\]"'] )\s*$/.test(before);
    if (!context.explicit && !word && !edge) return null;
    if (word && /^\d/.test(word.text)) return null;
    const found = await knows.kusto.complete(query, pos - from).catch(() => undefined);
    if (!found || context.aborted) return null;
    const functions = knows.schema()?.functions ?? [];
    const typed = text.slice(from + found.from, pos);
    const ranked = found.items.filter((i) => allowed(i, functions)).flatMap((i) => {
      const rank = fits(i.match || i.label, typed);
      return rank < 0 ? [] : [{ i, rank }];
    });
    ranked.sort((a, b) => a.rank - b.rank || (a.i.order < b.i.order ? -1 : a.i.order > b.i.order ? 1 : 0));
    const options = ranked.slice(0, 100).map(({ i }) => propose(i, knows, query));
    const getMatch = (p: Proposal) => {
      const at = typed === "" ? -1 : p.label.toLowerCase().indexOf(typed.toLowerCase());
      return at < 0 ? [] : [at, at + typed.length];
    };
    return options.length === 0 ? null : { from: from + found.from, options, filter: false, getMatch };
  };
}

/** How well a name fits what was typed: 0 begins with it, 1 a word in it does, 2 it is somewhere inside, -1 not at all. Letters strewn about do not count. */
export function fits(name: string, typed: string): number {
  const at = name.toLowerCase().indexOf(typed.toLowerCase());
  if (at <= 0) return at;
  return /[A-Z]/.test(name[at]!) || name[at - 1] === "_" || name[at - 1] === "-" ? 1 : 2;
}

async function valuesOf(knows: Knows, { table, column }: { table: HuntTable; column: HuntTableColumn }): Promise<readonly string[]> {
  if (column.type === "bool") return ["true", "false"];
  if (column.type !== "string" || column.may === false) return column.values ?? [];
  const there = await knows.samples(table.name, column.name).catch(() => []);
  return [...new Set([...there, ...(column.values ?? [])])].filter((v) => v !== "");
}

function proposeValue(v: string, type: string): Proposal {
  const literal = type === "string" ? quoted(v) : v;
  return { label: literal, displayLabel: revealed(literal), type: "value", detail: "value", apply: (view, p, from, to) => {
    // The quote that the editor closed by itself goes too.
    const next = view.state.sliceDoc(to, to + 1);
    const end = (next === '"' || next === "'") && view.state.sliceDoc(from, from + 1) === next ? to + 1 : to;
    view.dispatch({ ...insertCompletionText(view.state, literal, from, end), annotations: pickedCompletion.of(p) });
  } };
}

function allowed(i: Completion, functions: readonly HuntFunction[]): boolean {
  const name = i.match || i.label.replace(/\(.*/, "");
  if (elsewhere.test(name)) return false;
  if (i.kind !== "BuiltInFunction" && i.kind !== "AggregateFunction") return true;
  return functions.length === 0 || functions.some((f) => f.name === name);
}

function propose(i: Completion, knows: Knows, query: string): Proposal {
  const name = i.match || i.label;
  const known = i.kind === "Column" ? columnOf(knows.schema(), query, name) : undefined;
  // A table is put in alone: where the next line begins is the writer's affair.
  const before = i.kind === "Table" ? i.label : i.before, after = i.kind === "Table" ? "" : i.after;
  return {
    label: i.label, type: i.kind, detail: known?.column.type ?? words[i.kind] ?? "",
    apply: (view: EditorView, p: Proposal, from: number, to: number) => {
      view.dispatch({ ...insertCompletionText(view.state, before + after, from, to), selection: { anchor: from + before.length }, annotations: pickedCompletion.of(p), scrollIntoView: true });
      // What comes next is proposed at once.
      if (/[\s(]$/.test(before)) setTimeout(() => startCompletion(view), 0);
    },
    info: () => explain(name, i.kind, knows, query),
  };
}

/** What a name means: its type, what it holds, and real values. undefined when there is nothing to say. */
export async function explain(name: string, kind: string, knows: Knows, query: string): Promise<HTMLElement | null> {
  const schema = knows.schema();
  if (kind === "Table") {
    const t = schema?.tables.find((x) => x.name === name);
    return t ? card(t.name, [t.doc], t.collected ? `${t.columns.length} columns` : `${t.columns.length} columns · nothing here fills this table yet`, []) : null;
  }
  if (kind === "Column") {
    const known = columnOf(schema, query, name);
    if (!known) return null;
    const values = await valuesOf(knows, known);
    const more = known.column.may === false ? "Quotes messages: needs the permission email.preview" : values.length > 0 ? "Values" : "";
    return card(`${name}: ${known.column.type}`, [known.column.doc], more, values.slice(0, 6).map((v) => (known.column.type === "string" ? quoted(v) : v)));
  }
  const f = schema?.functions?.find((x) => x.name === name);
  return f ? card(f.signature, [f.doc], "", []) : null;
}

function card(title: string, lines: readonly (string | undefined)[], small: string, codes: readonly string[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "k-info";
  const add = (tag: string, text: string) => {
    const e = document.createElement(tag);
    e.textContent = text; // never markup: values are from mail
    box.append(e);
  };
  add("b", title);
  for (const l of lines) if (l) add("p", l);
  if (small) add("small", small);
  for (const c of codes) {
    const e = document.createElement("code");
    const isolated = document.createElement("bdi");
    isolated.textContent = revealed(c.length > 120 ? c.slice(0, 119) + "…" : c);
    e.append(isolated);
    box.append(e);
  }
  return box;
}
