import { expect, test } from "vitest";
import { readRules } from "../../address/rules";
import { shown } from "./filter";
import type { RuleLine } from "./queries";

const rule = (id: string, more: Partial<RuleLine> = {}): RuleLine => ({
  id, title: "T", threat: "Spam", technology: "General filter", severity: "low", weight: 10, weight_was: null, attack: [], origin: "shipped", under: "", enabled: true, samples: 2, failed: 0, error: "", version: 0,
  changed: null, changed_by: "", change_cause: "", ...more,
});
const all = [rule("b", { severity: "high", weight: 40 }), rule("a", { enabled: false }), rule("c", { failed: 1, origin: "own", attack: ["T1566"] }), rule("d", { error: "x", threat: "" })];
const ids = (s: Record<string, unknown>, hits = {}) => shown(all, readRules(s), hits).map((r) => r.id).join("");

test("filters and order", () => {
  expect(ids({})).toBe("abcd");
  expect(ids({ state: "on" })).toBe("bc");
  expect(ids({ state: "off" })).toBe("ad");
  expect(ids({ state: "wrong" })).toBe("cd");
  expect(ids({ origin: "own" })).toBe("c");
  expect(ids({ find: "t1566 c" })).toBe("c");
  expect(ids({ sort: "-severity" })).toBe("bacd");
  expect(ids({ sort: "-hits" }, { c: 3, a: 9 })).toBe("acbd");
});
