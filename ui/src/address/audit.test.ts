import { expect, test } from "vitest";
import { readAudit, writeAudit } from "./audit";

test("the state goes into the address and comes back", () => {
  const s = { ...readAudit({}), operator: "ada@", action: "rule changed", subject: "lamp", text: "ticket 7", open: 4711, range: { last: "7d" } };
  expect(readAudit(writeAudit(s))).toEqual(s);
  expect(writeAudit(readAudit({}))).toEqual({});
});

test("what makes no sense is read as if it were not there", () => {
  for (const open of ["-1", "x", "1e99", "1.5", ""]) expect(readAudit({ open }).open).toBe(0);
  expect(readAudit({ operator: 3, text: "x".repeat(201) })).toMatchObject({ operator: "", text: "" });
});
