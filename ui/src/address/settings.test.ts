import { expect, test } from "vitest";
import { readSettings, writeSettings } from "./settings";

test("the state goes into the address and comes back", () => {
  const s = { tab: "directory", search: "board", priority: true, person: "ada@own.example" } as const;
  expect(readSettings(writeSettings(s))).toEqual(s);
  expect(writeSettings(readSettings({}))).toEqual({});
});

test("what belongs to another tab is left out, and what makes no sense is read as if it were not there", () => {
  expect(writeSettings({ tab: "learning", search: "board", priority: true, person: "ada@own.example" })).toEqual({ tab: "learning" });
  expect(readSettings({ tab: "moon", search: "x".repeat(201), priority: "yes", person: 3 })).toEqual({ tab: "engines", search: "", priority: false, person: "" });
});
