import { expect, test } from "vitest";
import { readAlerts, writeAlerts } from "./alerts";

test("the state goes into the address and comes back", () => {
  const s = { ...readAlerts({}), stage: "Resolved" as const, severity: "High" as const, owner: "me" as const, text: "bomb", open: "0192aaaa-0000-7000-8000-000000000000", range: { last: "7d" } };
  expect(readAlerts(writeAlerts(s))).toEqual(s);
  expect(writeAlerts(readAlerts({}))).toEqual({});
});

test("what makes no sense is read as if it were not there", () => {
  expect(readAlerts({ stage: "Lost", severity: "Grave", open: "javascript:1", text: "x".repeat(300) })).toEqual(readAlerts({}));
});
