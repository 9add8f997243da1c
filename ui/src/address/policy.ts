// The state of the policy's page, to and from the address bar: the tab, what is looked for in it, what is open, and the changes of
// the policy that somebody tries or proposes, so that a colleague who gets the link sees the same proposal.

import type { Search } from "./search";

export const policyTabs = ["decisions", "list", "mailboxes", "judging"] as const;
export type PolicyTab = (typeof policyTabs)[number];
export const entryKinds = ["sender", "domain", "ip", "url", "file"] as const;
export type EntryKind = (typeof entryKinds)[number];
export const runKinds = ["rejudge", "whatif"] as const;
export type RunKind = (typeof runKinds)[number];
export const changeKinds = ["now flagged", "no longer flagged", "verdict changed", "action changed"] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface PolicyState {
  tab: PolicyTab;
  /** What is changed of the policy and not saved: field and value, in the words of the API. */
  set: Readonly<Record<string, string>>;
  /** The list of entries: what is looked for. */
  search: string;
  kind: EntryKind | "";
  action: "Allow" | "Block" | "";
  state: "active" | "expired" | "";
  /** Id of the open entry. */
  entry: string;
  /** Address of the open mailbox. */
  box: string;
  /** Which runs are listed, and the one that is shown. */
  runs: RunKind;
  run: string;
  /** Which of its results. */
  change: ChangeKind | "";
  against: boolean;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const one = <T extends string>(all: readonly T[], v: unknown): T | "" => (all.includes(v as T) ? (v as T) : "");

export function readPolicy(s: Record<string, unknown>): PolicyState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const id = (k: string) => (uuid.test(text(k, 36)) ? text(k, 36) : "");
  return {
    tab: one(policyTabs, s["tab"]) || "decisions",
    set: readSet(text("set", 1000)),
    search: text("search", 200),
    kind: one(entryKinds, s["kind"]),
    action: one(["Allow", "Block"] as const, s["action"]),
    state: one(["active", "expired"] as const, s["state"]),
    entry: id("entry"),
    box: text("box", 320),
    runs: one(runKinds, s["runs"]) || "rejudge",
    run: id("run"),
    change: one(changeKinds, s["change"]),
    against: s["against"] === "1",
  };
}

/** "phish:quarantine,mode:act" */
function readSet(v: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const part of v.split(",")) {
    const m = /^([a-z_]+(?:\.[a-z]+)?):([a-z0-9]+)$/.exec(part);
    if (m?.[1] && m[2]) out[m[1]] = m[2];
  }
  return out;
}

export function writePolicy(s: PolicyState): Search {
  const out: Search = {};
  const put = (k: string, v: string, or = "") => {
    if (v !== or) out[k] = v;
  };
  put("tab", s.tab, "decisions");
  put("set", Object.entries(s.set).map(([k, v]) => `${k}:${v}`).join(","));
  if (s.tab === "list" || s.tab === "mailboxes") put("search", s.search);
  if (s.tab === "list") {
    put("kind", s.kind);
    put("action", s.action);
    put("state", s.state);
    put("entry", s.entry);
  }
  if (s.tab === "mailboxes") put("box", s.box);
  if (s.tab === "judging") put("runs", s.runs, "rejudge");
  if (s.tab === "judging" || s.tab === "decisions") {
    put("run", s.run);
    put("change", s.run === "" ? "" : s.change);
    put("against", s.run !== "" && s.against ? "1" : "");
  }
  return out;
}
