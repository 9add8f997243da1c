// What actions are called, what they mean, and what became of them, in the words of people.

import type { Schemas } from "../../api/client";
import { Archive16Regular, Delete16Regular, DeleteDismiss20Regular, FolderMail16Regular, MailInbox16Regular, ShieldLock20Regular, ArrowUndo16Regular, ShieldCheckmark16Regular } from "../../components/icons";
import { number } from "../../time/zone";

export type Kind = Schemas["ActionAsk"]["kind"];
export type Action = Schemas["Action"];
export type Target = Schemas["ActionTarget"];
export type Plan = Schemas["ActionPlan"];
export type Counts = Schemas["ActionCounts"];

export const kinds: readonly { kind: Kind; means: string; done: string; icon: typeof Delete16Regular }[] = [
  { kind: "Move to junk", means: "Its reader still sees it, in the junk folder.", done: "moved to junk", icon: FolderMail16Regular },
  { kind: "Move to deleted items", means: "Its reader can take it back out.", done: "moved to deleted items", icon: Archive16Regular },
  { kind: "Soft delete", means: "Out of the mailbox. Tocsin keeps what puts it back.", done: "soft deleted", icon: Delete16Regular },
  { kind: "Hard delete", means: "Gone for good, with what Tocsin kept of it.", done: "hard deleted", icon: DeleteDismiss20Regular },
  { kind: "Move to inbox", means: "Back where it is read.", done: "moved to the inbox", icon: MailInbox16Regular },
  { kind: "Quarantine", means: "Out of the mailbox and held by Tocsin, until it is released.", done: "quarantined", icon: ShieldLock20Regular },
  { kind: "Release", means: "Out of quarantine, to where it belongs.", done: "released", icon: ShieldCheckmark16Regular },
];

export const kindOf = (k: string) => kinds.find((x) => x.kind === k);

export function iconOf(kind: string): typeof Delete16Regular {
  return kindOf(kind)?.icon ?? ArrowUndo16Regular;
}

/** "soft deleted", "put back" */
export function doneWord(kind: string): string {
  return kind === "Undo" ? "put back" : (kindOf(kind)?.done ?? "done");
}

/** "19 mailboxes", "1 mailbox" */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}
export const boxes = (n: number) => count(n, "mailbox", "mailboxes");

/** "Nobody else", "One other person", "2 other people" */
export function people(n: number): string {
  return n === 0 ? "Nobody else" : n === 1 ? "One other person" : `${n} other people`;
}

export type Tone = "good" | "bad" | "odd" | "work" | "none";

export function stateTone(s: Action["state"]): Tone {
  switch (s) {
    case "Done": return "good";
    case "Partly done": case "Waiting for approval": case "Expired": return "odd";
    case "Failed": case "Rejected": return "bad";
    case "Queued": case "Running": return "work";
    default: return "none";
  }
}

export function outcomeTone(o: Target["outcome"]): Tone {
  switch (o) {
    case "Done": case "Already so": return "good";
    case "Failed": return "bad";
    case "Different": case "Impossible": case "Not found": return "odd";
    case "Working": return "work";
    default: return "none";
  }
}

/** What lies where it should not, or was not done, is looked at first. */
export const troubles: readonly Target["outcome"][] = ["Failed", "Different", "Impossible", "Not found", "Cancelled"];
export const atWork: readonly Target["outcome"][] = ["To do", "Working"];
export const well: readonly Target["outcome"][] = ["Done", "Already so"];

/** What happened to a target, in a sentence: from where to where, or why not. */
export function happened(t: Target, waits = false): string {
  if (waits && t.outcome === "To do") return "When it is approved";
  if (t.outcome === "To do" || t.outcome === "Working") {
    if (t.tries > 0) return `Tried ${count(t.tries, "time")}: ${t.say}`;
    return t.outcome === "Working" ? "At work" : "Next in line";
  }
  const steps = t.receipt?.steps ?? [];
  const told = [...new Set(steps.map(stepWords))].join("; ");
  if (t.outcome === "Done" || t.outcome === "Already so") return [told || t.say, t.say && told ? t.say : ""].filter((s) => s !== "").join(". ");
  return [t.say, told && `Before that: ${told}.`].filter((s) => s !== "").join(" ");
}

export function stepWords(s: Schemas["ActionStep"]): string {
  switch (s.did) {
    case "moved": return `${s.from?.folder} → ${s.to?.folder}`;
    case "removed": return s.held ? `${s.from?.folder} → kept by Tocsin` : `${s.from?.folder} → gone`;
    case "put back": return `Put back into ${s.to?.folder}`;
    case "forgotten": return "Forgotten by Tocsin too";
    default: return `Was in ${s.from?.folder ?? s.to?.folder} already, left`;
  }
}

/** Why the one who looks may not answer a request that waits; "" when they may. */
export function whyNoAnswer(a: Action, me: string, mayApprove: boolean): string {
  if (a.state !== "Waiting for approval" || a.may_approve) return "";
  if (a.mine || a.by === me) return "You asked for this: somebody else has to approve it.";
  if (!mayApprove) return "Approving needs the role Approve, which you do not have.";
  if (a.approvals.some((x) => x.by === me)) return "You answered this already.";
  return "You may not answer this.";
}

/** What the action is, in one line: "Soft delete 19 email events in 12 mailboxes" */
export function line(a: Action): string {
  return `${a.kind} ${count(a.counts.targets, "email event")} in ${boxes(a.counts.mailboxes)}`;
}

/** A rule of the approval policy as an if-sentence. */
export function ruleWords(r: Schemas["ApprovalRule"]): string {
  const parts = [
    r.kinds.length === 0 ? "Any action" : list(r.kinds),
    r.mailboxes > 0 ? `in ${number(r.mailboxes)} or more mailboxes` : "",
    r.priority ? "with a priority account among them" : "",
    r.source === "person" ? "asked for by a person" : r.source === "policy" ? "decided by a policy (ZAP)" : "",
  ];
  return parts.filter((s) => s !== "").join(", ");
}

export function needWords(n: number): string {
  return n === 0 ? "Runs at once" : n === 1 ? "1 approval" : `${n} approvals`;
}

function list(all: readonly string[]): string {
  return all.length < 2 ? (all[0] ?? "") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}
