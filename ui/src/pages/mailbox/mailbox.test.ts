import { expect, test } from "vitest";
import { ownMailbox } from "./own";

const who = { organisation: { name: "Harbour", domains: ["harbour.example"] }, permissions: ["mailbox.read"] };

test("only addresses of own domains are mailboxes", () => {
  expect(ownMailbox("RecipientEmailAddress", "Ada@Harbour.example", who)).toBe("ada@harbour.example");
  expect(ownMailbox("SenderFromAddress", "ada@harbour.example", who)).toBe("ada@harbour.example");
  for (const [field, value] of [["RecipientEmailAddress", "ada@other.example"], ["RecipientEmailAddress", "harbour.example"], ["RecipientEmailAddress", "a/b@harbour.example"], ["RecipientEmailAddress", "a@b@harbour.example"], ["SenderFromDomain", "ada@harbour.example"]] as const) {
    expect(ownMailbox(field, value, who)).toBeUndefined();
  }
  expect(ownMailbox("RecipientEmailAddress", "ada@harbour.example", { ...who, permissions: [] })).toBeUndefined();
});
