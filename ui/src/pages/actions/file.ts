import { csv, download } from "../hunting/export";
import { allTargets } from "./queries";
import { happened, type Action, type Target } from "./words";

const columns: readonly [name: string, of: (t: Target) => string][] = [
  ["Mailbox", (t) => t.mailbox], ["Recipient", (t) => t.recipient], ["NetworkMessageId", (t) => t.network_message_id], ["Subject", (t) => t.subject], ["Sender", (t) => t.sender], ["MessageTime", (t) => t.time],
  ["Outcome", (t) => t.outcome], ["WhatHappened", (t) => happened(t)], ["At", (t) => t.at ?? ""], ["Drifted", (t) => String(t.drifted)],
  ["Folders", (t) => steps(t, (s) => `${s.from?.folder ?? ""} > ${s.to?.folder ?? ""}`)],
  ["Sha256Before", (t) => steps(t, (s) => s.from?.sha256 ?? "")], ["Sha256After", (t) => steps(t, (s) => s.to?.sha256 ?? "")], ["Flags", (t) => steps(t, (s) => (s.from ?? s.to)?.flags.join(" ") ?? "")],
];

type Step = NonNullable<Target["receipt"]>["steps"][number];
const steps = (t: Target, of: (s: Step) => string) => (t.receipt?.steps ?? []).map(of).join(" | ");

/** Saves what became of every target as a file. */
export async function saveTargets(a: Action): Promise<void> {
  download(csv(columns.map(([name]) => ({ name, type: "string" })), (await allTargets(a.id)).map((t) => columns.map(([, of]) => of(t)))), `tocsin-action-${a.id}.csv`, "text/csv");
}
