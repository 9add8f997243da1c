import { longestQuery } from "../../address/hunting";
import type { AuditLine, LogState } from "./queries";

/** How somebody came in. */
export function viaWords(via: string): string {
  return { session: "browser", token: "API token", local: "command line", console: "the server itself", upgrade: "the upgrade" }[via] ?? via;
}

/** Where a record's subject leads, and what the address there says of it. */
export type Place =
  | { to: "/email/$id"; params: { id: string }; search: Record<string, string> }
  | { to: "/rules/$id"; params: { id: string }; search: Record<string, string> }
  | { to: "/mailbox/$address"; params: { address: string }; search: Record<string, string> }
  | { to: "/actions/$id"; params: { id: string }; search: Record<string, string> }
  | { to: "/policy" | "/hunting" | "/approvals"; search: Record<string, string> };

const ofMailbox = ["mailbox rules looked at", "mailbox rule removed", "mailbox rule put back", "mailbox signed out everywhere", "first aid failed"];
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ruleID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** undefined: the subject is only text. What was removed leads nowhere. */
export function placeOf(r: Pick<AuditLine, "action" | "subject" | "recipient">): Place | undefined {
  const { action, subject } = r;
  if (["content looked at", "message downloaded", "message labelled"].includes(action) && uuid.test(subject)) {
    return { to: "/email/$id", params: { id: subject }, search: r.recipient ? { recipient: r.recipient } : {} };
  }
  if (action === "rule changed" && ruleID.test(subject)) return { to: "/rules/$id", params: { id: subject }, search: {} };
  if (/^action (asked for|approved|rejected|expired|cancelled|tried again|undone)$/.test(action) && uuid.test(subject)) return { to: "/actions/$id", params: { id: subject }, search: {} };
  if (action === "approval policy changed") return { to: "/approvals", search: {} };
  if (action === "policy changed") return { to: "/policy", search: {} };
  if (action === "entry added" || action === "entry changed") return { to: "/policy", search: { tab: "list", search: subject.slice(subject.indexOf(" ") + 1).slice(0, 200) } };
  if (action === "mailbox settings changed") return { to: "/policy", search: { tab: "mailboxes", box: subject } };
  if (ofMailbox.includes(action)) return { to: "/mailbox/$address", params: { address: subject }, search: {} };
  if (action === "query run" && subject.length <= longestQuery) return { to: "/hunting", search: { q: subject } };
  return undefined;
}

/** What the subject is, where the action alone does not say. */
export function subjectWords(r: Pick<AuditLine, "action" | "subject">): string {
  if (r.action === "policy changed" && /^\d+$/.test(r.subject)) return `version ${r.subject}`;
  if (r.action === "audit key made") return `key ${r.subject}`;
  return r.subject.replace(/\s+/g, " ");
}

export interface Change { field: string; before: string | undefined; after: string | undefined }

const most = 400;

/** What a record's detail says was before and after, field by field; undefined when it is about no change. */
export function changesOf(detail: unknown): Change[] | undefined {
  if (typeof detail !== "object" || detail === null || Array.isArray(detail)) return undefined;
  const d = detail as Record<string, unknown>;
  if (!("before" in d) || !("after" in d)) return undefined;
  const before = flat(d["before"]), after = flat(d["after"]);
  const out: Change[] = [];
  for (const field of new Set([...before.keys(), ...after.keys()])) {
    const a = before.get(field), b = after.get(field);
    if (a !== b) out.push({ field, before: a, after: b });
    if (out.length === most) break;
  }
  return out;
}

/** Leaves of a value by their dotted names. */
function flat(v: unknown, name = "", out = new Map<string, string>(), depth = 0): Map<string, string> {
  if (v === null || v === undefined) return out;
  if (typeof v === "object" && !Array.isArray(v) && depth < 6) {
    for (const [k, x] of Object.entries(v)) flat(x, name ? `${name}.${k}` : k, out, depth + 1);
  } else out.set(name || "value", typeof v === "string" ? v : JSON.stringify(v));
  return out;
}

/** The state of the log in one sentence: the answer first. */
export function stateWords(s: LogState, count: (n: number) => string): { tone: "good" | "bad" | "odd"; text: string } {
  const waiting = s.last - s.verified;
  switch (s.state) {
    case "whole":
      return { tone: "good", text: `Chain verified up to record ${count(s.verified)}${waiting > 0 ? `; ${count(waiting)} newer not checked yet` : ""}` };
    case "damaged":
      return { tone: "bad", text: `The log is not as it was written: ${count(s.wrong)} problem${s.wrong === 1 ? "" : "s"}` };
    case "failed":
      return { tone: "bad", text: `The log could not be checked: ${s.error}` };
    default:
      return { tone: "odd", text: "The chain was not checked yet since the server started" };
  }
}
