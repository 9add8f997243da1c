import { expect, test } from "vitest";
import { readTrackers, writeTrackers } from "./trackers";

test("the state goes into the address and comes back", () => {
  const s = { tab: "tracked" as const, period: "day" as const, open: "0192aaaa-0000-7000-8000-000000000000" };
  expect(readTrackers(writeTrackers(s))).toEqual(s);
  expect(writeTrackers(readTrackers({}))).toEqual({});
  expect(readTrackers({ open: "qr-codes" }).open).toBe("qr-codes");
});

test("what makes no sense is read as if it were not there", () => {
  expect(readTrackers({ tab: "lost", period: "year", open: "../x" })).toEqual(readTrackers({}));
});
