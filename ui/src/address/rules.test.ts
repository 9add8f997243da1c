import { expect, test } from "vitest";
import { readRuleEditor, readRules, writeRuleEditor, writeRules } from "./rules";

test("the list's state goes into the address and comes back", () => {
  const s = { ...readRules({}), find: "lamp", origin: "own", threat: "Spam", severity: "high", state: "wrong", sort: "hits", desc: true, open: "lamp-shop" } as const;
  expect(readRules(writeRules(s))).toEqual(s);
  expect(writeRules(readRules({}))).toEqual({});
});

test("what makes no sense is read as if it were not there", () => {
  const s = readRules({ origin: "moon", open: "../x", sort: "-colour", severity: 3, find: "x".repeat(300) });
  expect([s.origin, s.open, s.sort, s.severity, s.find]).toEqual(["", "", "name", "", ""]);
  expect(readRuleEditor({ pane: "x", run: "1", like: "A b" })).toMatchObject({ pane: "test", run: "", like: "" });
});

test("the editor's state", () => {
  const s = { ...readRuleEditor({}), pane: "whatif", run: "0198c0de-0000-7000-8000-000000000000", like: "a-b" } as const;
  expect(readRuleEditor(writeRuleEditor(s))).toEqual(s);
});
