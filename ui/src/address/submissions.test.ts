import { expect, test } from "vitest";
import { readSubmissions, writeSubmissions } from "./submissions";

test("the state goes into the address and comes back", () => {
  const s = { ...readSubmissions({}), part: "figures" as const, stage: "Closed" as const, type: "Spam" as const, result: "Not junk" as const, owner: "me" as const, text: "lamp", reporter: "ann@", split: "Result" as const, open: "01890000-0000-7000-8000-000000000000", range: { last: "7d" } };
  expect(readSubmissions(writeSubmissions(s))).toEqual(s);
  expect(writeSubmissions(readSubmissions({}))).toEqual({});
});

test("what makes no sense is read as if it were not there", () => {
  expect(readSubmissions({ part: "x", stage: 3, type: "Ham", result: "", owner: "all", open: "../x", split: "Subject", text: "x".repeat(201) })).toEqual(readSubmissions({}));
});
