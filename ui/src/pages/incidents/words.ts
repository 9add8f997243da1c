// Words of incidents, worked out from what the server says. Pure, so that they can be tested.

import type { Schemas } from "../../api/client";
import { lag } from "../../time/zone";

export type Incident = Schemas["Incident"];
export type Entry = Schemas["IncidentEntry"];
export type Task = Schemas["IncidentTask"];
export type Person = Schemas["IncidentPerson"];
export type Change = Schemas["IncidentChange"];

/** calm: there is time; soon: under a quarter of it is left; late: it has passed; met and missed: it is over. */
export type DueTone = "calm" | "soon" | "late" | "met" | "missed" | "none";

const between = (from: string, to: Date | string) => lag(Math.max(0, (new Date(to).getTime() - Date.parse(from)) / 1000));

/** How an incident stands against its clocks, in a few words. */
export function dueWords(i: Pick<Incident, "created" | "resolved" | "acknowledged" | "merged_into" | "due">, now: Date): { tone: DueTone; text: string } {
  if (i.merged_into !== "") return { tone: "none", text: "Merged" };
  if (i.resolved) {
    const took = between(i.created, i.resolved);
    return i.due.resolve_late ? { tone: "missed", text: `Resolved late, after ${took}` } : { tone: "met", text: `Resolved in ${took}` };
  }
  const next = i.due.next;
  if (!next) return { tone: "none", text: "No clock" };
  const what = i.acknowledged === null && next === i.due.acknowledge ? "Take up" : "Resolve";
  const left = (Date.parse(next) - now.getTime()) / 1000;
  if (left <= 0) return { tone: "late", text: `${what}: ${lag(-left)} overdue` };
  const whole = (Date.parse(next) - Date.parse(i.created)) / 1000;
  return { tone: left < whole / 4 ? "soon" : "calm", text: `${what} in ${lag(left)}` };
}

/** "Open for 41 min", "Open from 12 Nov to …" is in titles. */
export function ageWords(i: Pick<Incident, "created" | "resolved">, now: Date): string {
  return i.resolved ? `Was open for ${between(i.created, i.resolved)}` : `Open for ${between(i.created, now)}`;
}

/** What an incident is called in one line. */
export const titleOf = (i: Pick<Incident, "label" | "name">) => `${i.label} ${i.name}`;

/** Name of an operator, or the address where there is none. */
export const nameOf = (email: string, name: string) => name || email;

/** Two letters for a round picture. */
export function initials(name: string): string {
  const words = name.replace(/@.*/, "").split(/[\s._-]+/).filter((w) => w !== "");
  const first = [...(words[0] ?? "?")][0] ?? "?", last = words.length > 1 ? [...words.at(-1)!][0]! : [...(words[0] ?? "")][1] ?? "";
  return (first + last).toUpperCase();
}

export const fieldWords: Record<string, string> = {
  name: "name", severity: "severity", status: "status", owner: "owner", classification: "classification", determination: "determination", tags: "tags", description: "description", closing: "closing words",
};

/** What is different between two states of an incident, for whoever wanted to change the older one. */
export function differences(was: Incident, is: Incident): string[] {
  const out: string[] = [];
  for (const f of ["name", "severity", "status", "owner", "classification", "determination"] as const) {
    if (was[f] !== is[f]) out.push(`${fieldWords[f]} is ${is[f] === "" ? "nobody" : f === "name" ? `“${is[f]}”` : is[f]} now`);
  }
  if (was.tags.join("\n") !== is.tags.join("\n")) out.push(is.tags.length === 0 ? "it has no tags now" : `tags are ${is.tags.join(", ")} now`);
  for (const f of ["description", "closing"] as const) if (was[f] !== is[f]) out.push(`the ${fieldWords[f]} changed`);
  return out;
}

/** Where somebody types a mention: the place of its @, and what stands after it; undefined when the cursor is in none. */
export function mentionAt(text: string, cursor: number): { at: number; typed: string } | undefined {
  const m = /(?:^|[^\p{L}\p{N}._+-])@([\p{L}\p{N}._+@-]{0,60})$/u.exec(text.slice(0, cursor));
  return m ? { at: cursor - m[1]!.length - 1, typed: m[1]!.toLowerCase() } : undefined;
}

/** People whose name or address begins so, at most eight; a part of the name will do. */
export function matching(people: readonly Person[], typed: string): Person[] {
  const fits = (p: Person) => p.email.toLowerCase().startsWith(typed) || p.name.toLowerCase().split(/\s+/).some((w) => w.startsWith(typed));
  return people.filter(fits).slice(0, 8);
}

/** What mentions them: the part before the at sign where nobody else has it, else the address. */
export function mentionOf(p: Person, people: readonly Person[]): string {
  const local = (e: string) => e.toLowerCase().split("@")[0]!;
  return people.filter((x) => local(x.email) === local(p.email)).length === 1 ? `@${p.email.split("@")[0]}` : `@${p.email}`;
}

export interface Piece { text: string; mention: boolean }

/** A line of a note, cut into what mentions somebody and what does not. */
export function mentionPieces(line: string, mentions: readonly string[]): Piece[] {
  const known = new Set(mentions.flatMap((m) => [m.toLowerCase(), m.toLowerCase().split("@")[0]!])); // the server knows whether a part of an address is enough
  const out: Piece[] = [];
  let at = 0;
  for (const m of line.matchAll(/@([\p{L}\p{N}._+@-]+)/gu)) {
    const name = m[1]!.replace(/[.@-]+$/, "");
    if (!known.has(name.toLowerCase())) continue;
    if (m.index > at) out.push({ text: line.slice(at, m.index), mention: false });
    out.push({ text: `@${name}`, mention: true });
    at = m.index + 1 + name.length;
  }
  if (at < line.length || out.length === 0) out.push({ text: line.slice(at), mention: false });
  return out;
}
