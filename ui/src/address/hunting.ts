// The state of Hunting in the address: a link shows the same query, the same view of its rows and the same chart, and runs it when
// the rows were there as it was sent. Running reads and is recorded; Explorer's links do no less.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const sides = ["schema", "queries", "history"] as const;
export type Side = (typeof sides)[number];
export const resultViews = ["rows", "statistics"] as const;
export type ResultView = (typeof resultViews)[number];
export const chartKinds = ["bar", "column", "line", "area", "scatter"] as const;
export type ChartKind = (typeof chartKinds)[number];

/** What an address may carry of a query; a longer one is saved, and the link names it. */
export const longestQuery = 12_000;

export interface ChartChoice {
  /** undefined: what the query asks for; "none": no chart. */
  kind: ChartKind | "none" | undefined;
  x: string;
  y: string;
  by: string;
}

export interface HuntingState {
  /** The text in the editor; undefined when the address has none, or names a saved query. */
  q: string | undefined;
  /** Id of the saved query that is open. */
  saved: string;
  /** Which query of the text the rows are of, from 1; 0 when nothing was run or the text has changed since. */
  run: number;
  range: Range;
  side: Side;
  view: ResultView;
  /** Column that the rows are sorted by, with - before it downwards; "" as they came. */
  sort: string;
  chart: ChartChoice;
  /** Message that is open beside the rows. */
  open: { id: string; recipient: string } | undefined;
  pane: string;
}

const one = <T extends string>(all: readonly T[], v: unknown, or: T): T => (all.includes(v as T) ? (v as T) : or);
const short = (v: unknown) => (typeof v === "string" && v.length <= 256 ? v : "");
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readHunting(s: Record<string, unknown>): HuntingState {
  const q = s["q"];
  const run = Number(s["run"]);
  const kind = s["chart"];
  return {
    q: typeof q === "string" && q.length <= longestQuery ? q : undefined,
    saved: typeof s["saved"] === "string" && uuid.test(s["saved"]) ? s["saved"] : "",
    run: Number.isInteger(run) && run > 0 && run < 1000 ? run : 0,
    range: readRange(s),
    side: one(sides, s["side"], "schema"),
    view: one(resultViews, s["view"], "rows"),
    sort: short(s["sort"]),
    chart: { kind: kind === "none" || chartKinds.includes(kind as ChartKind) ? (kind as ChartKind | "none") : undefined, x: short(s["x"]), y: short(s["y"]), by: short(s["by"]) },
    open: readOpen(s["open"]),
    pane: typeof s["pane"] === "string" && /^[a-z]{1,20}$/.test(s["pane"]) ? s["pane"] : "",
  };
}

export function writeHunting(s: HuntingState): Search {
  const out: Search = {};
  const put = (k: string, v: string, or: string) => {
    if (v !== or) out[k] = v;
  };
  put("q", s.q !== undefined && s.q.length <= longestQuery ? s.q : "", "");
  put("saved", s.saved, "");
  put("run", String(s.run), "0");
  Object.assign(out, writeRange(s.range));
  put("side", s.side, "schema");
  put("view", s.view, "rows");
  put("sort", s.sort, "");
  put("chart", s.chart.kind ?? "", "");
  put("x", s.chart.x, "");
  put("y", s.chart.y, "");
  put("by", s.chart.by, "");
  if (s.open) out["open"] = s.open.recipient ? `${s.open.id}~${s.open.recipient}` : s.open.id;
  put("pane", s.open ? s.pane : "", "");
  return out;
}

function readOpen(v: unknown): HuntingState["open"] {
  if (typeof v !== "string") return undefined;
  const cut = v.indexOf("~");
  const id = cut < 0 ? v : v.slice(0, cut);
  return uuid.test(id) ? { id, recipient: cut < 0 ? "" : v.slice(cut + 1) } : undefined;
}

const threats: Record<string, string> = { malware: "Malware", phish: "Phish" };

/** Explorer's question as a query: its filter, its view as one more condition, one operator a line. */
export function asQuery(filter: string, view: string): string {
  const threat = threats[view];
  // Pipes inside of text stay where they are.
  const lines = filter.replace(/(@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\s*\|\s*/g, (_, text: string | undefined) => text ?? "\n| ");
  const reported = view === "submissions" ? '\n| where NetworkMessageId in ((UserSubmissions | where NetworkMessageId != "" | distinct NetworkMessageId))' : "";
  return `${lines}${reported}${threat ? `\n| where ThreatTypes has "${threat}" or LatestThreatTypes has "${threat}"` : ""}\n| order by Timestamp desc`;
}
