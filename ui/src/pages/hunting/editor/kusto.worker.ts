// Microsoft's Kusto language service, told what this installation has. It runs beside the page: its first answer takes most of a
// second, and nothing that it does may hold up a key. It only proposes and colours; whether a query is right, the server says.

import "@kusto/language-service-next/bridge.min.js";
import "@kusto/language-service-next/Kusto.Language.Bridge.min.js";
import type { Answer, Completion, Hover, Question, Schema, Span } from "./kusto";

// What is used of the service. Its own declarations are two megabytes and need the whole of Bridge.NET.
interface Enum { toString: (kind: unknown, value: number) => string }
interface Item { DisplayText: string; BeforeText: string; AfterText: string | null; OrderText: string; MatchText: string; Kind: number }
interface Service {
  GetCompletionItems: (at: number) => { Items: unknown; EditStart: number; EditLength: number };
  GetClassifications: (start: number, length: number) => { Classifications: unknown };
  GetQuickInfo: (at: number) => { Text: string | null };
}
interface Globals { WithDatabase: (d: unknown) => Globals }
interface Language {
  Symbols: {
    ColumnSymbol: new (name: string, type: unknown, doc: string) => unknown;
    TableSymbol: { $ctor4: new (name: string, columns: unknown[]) => { WithDescription?: (d: string) => unknown } };
    DatabaseSymbol: { $ctor1: new (name: string, members: unknown[]) => unknown };
    ScalarTypes: { GetSymbol: (type: string) => unknown; Dynamic: unknown };
  };
  Editor: { KustoCodeService: { $ctor1: new (text: string, globals: Globals) => Service }; CompletionKind: unknown; ClassificationKind: unknown };
  GlobalState: { Default: Globals };
}
const at = globalThis as unknown as { Kusto: { Language: Language }; Bridge: { toArray: <T>(list: unknown) => T[] }; System: { Enum: Enum } };

let globals: Globals = at.Kusto.Language.GlobalState.Default;

function learn(schema: Schema): void {
  const { ColumnSymbol, TableSymbol, DatabaseSymbol, ScalarTypes } = at.Kusto.Language.Symbols;
  const tables = schema.tables.map((t) => new TableSymbol.$ctor4(t.name, t.columns.map((c) => new ColumnSymbol(c.name, ScalarTypes.GetSymbol(c.type) ?? ScalarTypes.Dynamic, c.doc))));
  globals = at.Kusto.Language.GlobalState.Default.WithDatabase(new DatabaseSymbol.$ctor1("hunting", tables));
}

// The last text stays parsed: colours, completions and hovers ask about the same one.
let last: { text: string; globals: Globals; service: Service } | undefined;
function service(text: string): Service {
  if (last?.text !== text || last.globals !== globals) last = { text, globals, service: new at.Kusto.Language.Editor.KustoCodeService.$ctor1(text, globals) };
  return last.service;
}

function complete(text: string, pos: number): { from: number; items: Completion[] } {
  const found = service(text).GetCompletionItems(pos);
  const items = at.Bridge.toArray<Item>(found.Items).map((i) => ({
    label: i.DisplayText, before: i.BeforeText, after: i.AfterText ?? "", order: i.OrderText ?? "", match: i.MatchText,
    kind: at.System.Enum.toString(at.Kusto.Language.Editor.CompletionKind, i.Kind),
  }));
  return { from: found.EditStart, items };
}

function colour(text: string): Span[] {
  const found = service(text).GetClassifications(0, text.length);
  return at.Bridge.toArray<{ Start: number; Length: number; Kind: number }>(found.Classifications).map((c) => ({
    from: c.Start, to: c.Start + c.Length, kind: at.System.Enum.toString(at.Kusto.Language.Editor.ClassificationKind, c.Kind),
  }));
}

function hover(text: string, pos: number): Hover {
  return { text: (service(text).GetQuickInfo(pos).Text ?? "").trim() };
}

self.onmessage = (e: MessageEvent<Question>) => {
  const q = e.data;
  let answer: Answer;
  try {
    if (q.ask === "learn") {
      learn(q.schema);
      answer = { id: q.id, value: undefined };
    } else answer = { id: q.id, value: q.ask === "complete" ? complete(q.text, q.pos) : q.ask === "colour" ? colour(q.text) : hover(q.text, q.pos) };
  } catch (error) {
    answer = { id: q.id, failed: String(error) };
  }
  self.postMessage(answer);
};
