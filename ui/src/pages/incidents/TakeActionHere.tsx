import type { ReactNode } from "react";
import type { Incident } from "./words";

/** What can be done with the mail of an incident, in mailboxes. */
export function TakeActionHere({ otherwise }: { of: Incident; picks?: readonly { id: string; recipient: string }[]; otherwise?: ReactNode }) {
  return otherwise ?? null;
}
