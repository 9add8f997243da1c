// The state of the pages of incidents in the address: which ones a list shows and how, and what of one incident is looked at.

import type { Search } from "./search";

export const statuses = ["Active", "In progress", "Resolved"] as const;
export type Status = (typeof statuses)[number];
export const severities = ["High", "Medium", "Low", "Informational"] as const;
export type Severity = (typeof severities)[number];
export const sorts = ["number", "created", "updated", "severity", "status", "name", "owner", "due", "messages", "last_activity"] as const;
export type Sort = (typeof sorts)[number];

/** What is still to do; a list shows these unless somebody asks for others. */
export const open: readonly Status[] = ["Active", "In progress"];

export interface IncidentsState {
  /** Any of these; empty: all. */
  status: readonly Status[];
  severity: readonly Severity[];
  /** Email address, or "none" for those without. */
  owner: string;
  tag: string;
  classification: string;
  overdue: boolean;
  mine: boolean;
  mentioning: boolean;
  /** Also those that were merged into another. */
  merged: boolean;
  text: string;
  sort: Sort;
  desc: boolean;
}

const some = <T extends string>(all: readonly T[], v: unknown): T[] => (typeof v === "string" ? all.filter((x) => v.split(",").includes(x)) : []);
const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((x) => b.includes(x));

export function readIncidents(s: Record<string, unknown>): IncidentsState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const order = text("sort", 20), by = sorts.find((x) => x === order.replace(/^-/, ""));
  return {
    status: s["status"] === undefined ? open : some(statuses, s["status"]),
    severity: some(severities, s["severity"]),
    owner: text("owner", 254),
    tag: text("tag", 100),
    classification: text("class", 60),
    overdue: s["overdue"] === "1",
    mine: s["mine"] === "1",
    mentioning: s["mentioning"] === "1",
    merged: s["merged"] === "1",
    text: text("text", 200),
    sort: by ?? "number",
    desc: by === undefined || order.startsWith("-"),
  };
}

export function writeIncidents(s: IncidentsState): Search {
  const out: Search = {};
  const put = (k: string, v: string, or = "") => {
    if (v !== or) out[k] = v;
  };
  if (!same(s.status, open)) out["status"] = s.status.length === 0 ? "all" : s.status.join(",");
  put("severity", s.severity.join(","));
  put("owner", s.owner);
  put("tag", s.tag);
  put("class", s.classification);
  for (const k of ["overdue", "mine", "mentioning", "merged"] as const) put(k, s[k] ? "1" : "");
  put("text", s.text);
  put("sort", (s.desc ? "-" : "") + s.sort, "-number");
  return out;
}

/** Whether the list shows anything but what it shows by itself. */
export function filtered(s: IncidentsState): boolean {
  return Object.keys(writeIncidents({ ...s, sort: "number", desc: true })).length > 0;
}

export const incidentTabs = ["summary", "messages", "entities", "notes", "tasks", "actions", "timeline"] as const;
export type IncidentTab = (typeof incidentTabs)[number];
export const entityKinds = ["recipient", "sender", "sender_domain", "ip", "url", "url_host", "file", "subject", "campaign", "threat", "technology"] as const;
export type EntityKind = (typeof entityKinds)[number];
export const shows = ["all", "notes", "system"] as const;
export type Shows = (typeof shows)[number];

export interface IncidentState {
  tab: IncidentTab;
  /** Of the tab Entities. */
  kind: EntityKind;
  /** Of the tab Messages: only this recipient's. */
  recipient: string;
  /** The message that is open beside the list. */
  open: { id: string; recipient: string } | undefined;
  pane: string;
  /** Which part of the timeline. */
  show: Shows;
}

export function readIncident(s: Record<string, unknown>): IncidentState {
  const tab = incidentTabs.find((t) => t === s["tab"]) ?? "summary";
  const recipient = s["recipient"], pane = s["pane"];
  return {
    tab,
    kind: entityKinds.find((k) => k === s["kind"]) ?? "recipient",
    recipient: typeof recipient === "string" && recipient.length <= 320 ? recipient : "",
    open: readOpen(s["open"]),
    pane: typeof pane === "string" && /^[a-z]{1,20}$/.test(pane) ? pane : "",
    show: shows.find((x) => x === s["show"]) ?? "all",
  };
}

export function writeIncident(s: IncidentState): Search {
  const out: Search = {};
  if (s.tab !== "summary") out["tab"] = s.tab;
  if (s.tab === "entities" && s.kind !== "recipient") out["kind"] = s.kind;
  if (s.tab === "messages" && s.recipient !== "") out["recipient"] = s.recipient;
  if (s.tab === "messages" && s.open) {
    out["open"] = `${s.open.id}~${s.open.recipient}`;
    if (s.pane !== "") out["pane"] = s.pane;
  }
  if (s.show !== "all" && s.tab !== "notes") out["show"] = s.show;
  return out;
}

function readOpen(v: unknown): IncidentState["open"] {
  if (typeof v !== "string") return undefined;
  const cut = v.indexOf("~");
  const id = v.slice(0, Math.max(0, cut));
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? { id, recipient: v.slice(cut + 1) } : undefined;
}
