// The state of the pages of actions in the address, and that of the wizard, which stands over any page: what it is about, what shall be
// done, and how far it is. A link to a wizard at work shows the same action to everybody.

import type { Search } from "./search";
import { views, type View } from "./explorer";

export const actionTabs = ["waiting", "running", "history", "messages"] as const;
export type ActionTab = (typeof actionTabs)[number];

export interface ActionsState {
  tab: ActionTab;
  kind: string;
  /** Only those one asked for. */
  mine: boolean;
}

export function readActions(s: Record<string, unknown>): ActionsState {
  const kind = s["kind"];
  return { tab: actionTabs.find((t) => t === s["tab"]) ?? "waiting", kind: typeof kind === "string" && kind.length <= 40 ? kind : "", mine: s["mine"] === "1" };
}

export function writeActions(s: ActionsState): Search {
  return { ...(s.tab === "waiting" ? {} : { tab: s.tab }), ...(s.kind ? { kind: s.kind } : {}), ...(s.mine ? { mine: "1" } : {}) };
}

export interface Pick { id: string; recipient: string }

/** What an action shall be about. */
export type Scope =
  | { what: "all"; view: View; q: string; from: string; to: string } // all that matched then
  | { what: "picked"; picks: readonly Pick[]; incident?: string } // of an incident's mail, when they were picked there
  | { what: "incident"; id: string } // all mail of an incident
  | { what: "message"; id: string }; // one message, all of its recipients

export const wizardSteps = ["choose", "targets", "approval"] as const;
export type WizardStep = (typeof wizardSteps)[number];

export interface WizardState {
  /** The step, or the id of the action that it became. */
  step: WizardStep | { id: string };
  kind: string;
  /** undefined: what the address means is in another browser, or nothing. */
  scope: Scope | undefined;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const remembered = "tocsin.picks.";
/** So many stand in the address; more are kept in this tab of the browser. */
const few = 8;

/** What the wizard says in the address; undefined when it is closed. q and view are Explorer's own. */
export function readWizard(s: Record<string, unknown>): WizardState | undefined {
  const act = s["act"];
  if (typeof act !== "string") return undefined;
  const step = uuid.test(act) ? { id: act } : wizardSteps.find((x) => x === act);
  if (step === undefined) return undefined;
  return { step, kind: typeof s["does"] === "string" ? s["does"].slice(0, 40) : "", scope: readScope(s) };
}

function readScope(s: Record<string, unknown>): Scope | undefined {
  const on = s["on"];
  if (typeof on !== "string") return undefined;
  const [what, ...rest] = on.split("~");
  if (what === "all" && rest.length === 2 && rest.every((t) => !Number.isNaN(Date.parse(t)))) {
    return { what: "all", view: views.find((v) => v === s["view"]) ?? "all", q: typeof s["q"] === "string" ? s["q"] : "EmailEvents", from: rest[0]!, to: rest[1]! };
  }
  if (what === "message" && uuid.test(rest[0] ?? "")) return { what: "message", id: rest[0]! };
  if (what === "incident" && uuid.test(rest[0] ?? "")) return { what: "incident", id: rest[0]! };
  const picks = readPicks(what, rest);
  const of = s["for"];
  return picks && { what: "picked", picks, ...(typeof of === "string" && uuid.test(of) && { incident: of }) };
}

function readPicks(what: string | undefined, rest: readonly string[]): readonly Pick[] | undefined {
  if (what === "picked") return fromPicks(rest);
  if (what === "kept") return fromPicks((sessionStorage.getItem(remembered + (rest[0] ?? "")) ?? "").split("~"));
  return undefined;
}

function fromPicks(parts: readonly string[]): readonly Pick[] | undefined {
  const picks: Pick[] = [];
  for (const p of parts) {
    const cut = p.indexOf("*");
    if (cut < 0 || !uuid.test(p.slice(0, cut))) return undefined;
    try {
      picks.push({ id: p.slice(0, cut), recipient: decodeURIComponent(p.slice(cut + 1)) });
    } catch {
      return undefined;
    }
  }
  return picks.length > 0 ? picks : undefined;
}

/** Its part of the address. What is "all" leaves view and q to the page. */
export function writeWizard(w: { step: WizardState["step"]; kind: string; scope: Scope | undefined }): Search {
  const out: Search = { act: typeof w.step === "string" ? w.step : w.step.id };
  if (w.kind) out["does"] = w.kind;
  if (w.scope && typeof w.step === "string") out["on"] = writeScope(w.scope);
  if (w.scope?.what === "picked" && w.scope.incident && typeof w.step === "string") out["for"] = w.scope.incident;
  return out;
}

function writeScope(s: Scope): string {
  if (s.what === "all") return `all~${s.from}~${s.to}`;
  if (s.what === "message") return `message~${s.id}`;
  if (s.what === "incident") return `incident~${s.id}`;
  const picks = s.picks.map((p) => `${p.id}*${encodeURIComponent(p.recipient).replaceAll("~", "%7E")}`);
  if (picks.length <= few) return ["picked", ...picks].join("~");
  const text = picks.join("~");
  const key = hash(text);
  sessionStorage.setItem(remembered + key, text);
  return `kept~${key}`;
}

/** A short name for a text (FNV-1a, 32 bits). */
function hash(s: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < s.length; i++) h = Math.imul(h ^ s.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(36) + s.length.toString(36);
}

/** The address without the wizard. */
export const closed = { act: undefined, does: undefined, on: undefined, for: undefined } as const;
