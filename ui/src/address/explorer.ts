// The whole state of Explorer, to and from the address bar. Whatever an analyst sees is in the link they send; defaults
// are left out so that links stay short. Columns and density are the reader's own and live in their preferences.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const views = ["all", "malware", "phish", "submissions"] as const;
export type View = (typeof views)[number];
export const tabs = ["email", "urls", "users", "origin", "families"] as const;
export type Tab = (typeof tabs)[number];
export const origins = ["SenderFromDomain", "SenderIPv4", "SenderCountry"] as const;

/** An empty filter; the server reads it as every email event. */
export const everything = "EmailEvents";

export interface ExplorerState {
  view: View;
  /** KQL: a filter over EmailEvents. */
  q: string;
  range: Range;
  split: string;
  /** Field of the facet panel, and whether it lists the rarest values first. */
  facet: string;
  rare: boolean;
  tab: Tab;
  /** What the tab Email origin groups by. */
  origin: string;
  sort: string;
  desc: boolean;
  /** Open message, as "network-message-id" and recipient; undefined when the flyout is closed. */
  open: { id: string; recipient: string } | undefined;
  /** Tab of the flyout, chosen by its page. */
  pane: string;
  folded: boolean;
  /** Keys of the chart's series that are hidden. */
  hidden: readonly string[];
}

const column = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const name = (v: unknown, or: string) => (typeof v === "string" && column.test(v) ? v : or);
const one = <T extends string>(all: readonly T[], v: unknown, or: T): T => (all.includes(v as T) ? (v as T) : or);

/** The first tab of a view: Malware opens on its families. */
export function firstTab(view: View): Tab {
  return view === "malware" ? "families" : "email";
}

export function readExplorer(s: Record<string, unknown>): ExplorerState {
  const view = one(views, s["view"], "all");
  const sort = typeof s["sort"] === "string" ? s["sort"] : "";
  const q = typeof s["q"] === "string" && s["q"].trim() !== "" && s["q"].length <= 16_384 ? s["q"] : everything;
  return {
    view,
    q,
    range: readRange(s),
    split: name(s["split"], "outcome"),
    facet: name(s["facet"], "DetectionTechnologies"),
    rare: s["rare"] === "1",
    tab: one(tabs, s["tab"], firstTab(view)),
    origin: name(s["origin"], "SenderFromDomain"),
    sort: name(sort.replace(/^-/, ""), "Timestamp"),
    desc: sort === "" || sort.startsWith("-"),
    open: readOpen(s["open"]),
    pane: name(s["pane"], ""),
    folded: s["chart"] === "folded",
    hidden: typeof s["hide"] === "string" ? s["hide"].split(",").filter((k) => k !== "").map(decodeURIComponentSafe) : [],
  };
}

export function writeExplorer(s: ExplorerState): Search {
  const out: Search = {};
  const put = (k: string, v: string, or: string) => {
    if (v !== or) out[k] = v;
  };
  put("view", s.view, "all");
  put("q", s.q, everything);
  Object.assign(out, writeRange(s.range));
  put("split", s.split, "outcome");
  put("facet", s.facet, "DetectionTechnologies");
  put("rare", s.rare ? "1" : "", "");
  put("tab", s.tab, firstTab(s.view));
  put("origin", s.origin, "SenderFromDomain");
  put("sort", (s.desc ? "-" : "") + s.sort, "-Timestamp");
  put("chart", s.folded ? "folded" : "", "");
  put("hide", s.hidden.map((k) => encodeURIComponent(k)).join(","), "");
  if (s.open) out["open"] = s.open.recipient ? `${s.open.id}~${s.open.recipient}` : s.open.id;
  put("pane", s.open ? s.pane : "", "");
  return out;
}

function readOpen(v: unknown): ExplorerState["open"] {
  if (typeof v !== "string") return undefined;
  const cut = v.indexOf("~");
  const id = cut < 0 ? v : v.slice(0, cut);
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? { id, recipient: cut < 0 ? "" : v.slice(cut + 1) } : undefined;
}

function decodeURIComponentSafe(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}
