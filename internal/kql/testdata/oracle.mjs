// Reads {package, tables: {name: "(column: type, ...)"}, queries: [text]} from standard input and writes what Microsoft's parser and binder make of
// each query: {errors: [text], columns: ["name:type"]}.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const input = JSON.parse(await text(process.stdin));
const require = createRequire(input.package);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;

const list = (l) => Array.from({ length: l?.Count ?? 0 }, (_, i) => l.getItem(i));
const tables = Object.entries(input.tables).map(([name, columns]) => Symbols.TableSymbol.From(columns).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("db", tables));

const answers = input.queries.map((query) => {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const errors = list(code.GetDiagnostics()).filter((d) => d.Severity === "Error").map((d) => d.Message);
  return { errors, columns: list(code.ResultType?.Columns).map((c) => `${c.Name}:${c.Type.Name}`) };
});
process.stdout.write(JSON.stringify(answers));
