import type { Session } from "../../api/client";

const fields = ["RecipientEmailAddress", "SenderFromAddress", "SenderMailFromAddress", "AccountUpn"];

/** The address of a mailbox of the organisation that a value names and that the operator may look at; undefined when it is none. */
export function ownMailbox(field: string, value: string, { organisation, permissions }: Pick<Session, "organisation" | "permissions">): string | undefined {
  if (!fields.includes(field) || !permissions.includes("mailbox.read")) return undefined;
  const address = value.trim().toLowerCase();
  const at = address.lastIndexOf("@");
  if (at <= 0 || /[\s/@]/.test(address.slice(0, at))) return undefined;
  return organisation.domains.some((d) => d.toLowerCase() === address.slice(at + 1)) ? address : undefined;
}
