import { expect, test } from "vitest";
import type { LogState } from "./queries";
import { filterOf, parameters } from "./queries";
import { changesOf, placeOf, stateWords, subjectWords } from "./words";

const at = (action: string, subject: string, recipient = "") => placeOf({ action, subject, recipient });

test("subjects lead to what they are", () => {
  const id = "01890000-0000-7000-8000-000000000000";
  expect(at("content looked at", id, "bob@harbour.example")).toEqual({ to: "/email/$id", params: { id }, search: { recipient: "bob@harbour.example" } });
  expect(at("rule changed", "lamp-shop")).toMatchObject({ to: "/rules/$id", params: { id: "lamp-shop" } });
  expect(at("entry added", "url evil.example/a b")).toEqual({ to: "/policy", search: { tab: "list", search: "evil.example/a b" } });
  expect(at("query run", "EmailEvents | take 1")).toEqual({ to: "/hunting", search: { q: "EmailEvents | take 1" } });
  for (const [action, subject] of [["content looked at", "../x"], ["rule changed", "Lamp/../shop"], ["rule removed", "lamp-shop"], ["sign-in", ""], ["query run", "x".repeat(12_001)]] as const) expect(at(action, subject)).toBeUndefined();
  expect(subjectWords({ action: "policy changed", subject: "4" })).toBe("version 4");
});

test("before and after, field by field", () => {
  expect(changesOf({ before: { mode: "watch", p: { points: 1, step: true } }, after: { mode: "act", p: { points: 1, step: false } } })).toEqual([
    { field: "mode", before: "watch", after: "act" }, { field: "p.step", before: "true", after: "false" },
  ]);
  expect(changesOf({ before: null, after: { kind: "domain" } })).toEqual([{ field: "kind", before: undefined, after: "domain" }]);
  expect(changesOf({ before: { a: [1] }, after: { a: [1] } })).toEqual([]);
  for (const d of [{}, null, "x", [1], { before: 1 }]) expect(changesOf(d)).toBeUndefined();
  let deep: unknown = 1;
  for (let i = 0; i < 50; i++) deep = { d: deep };
  expect(changesOf({ before: null, after: deep })).toHaveLength(1);
});

test("the state in one sentence", () => {
  const s = { state: "whole", last: 12, verified: 10, wrong: 0, error: "" } as LogState;
  expect(stateWords(s, String)).toEqual({ tone: "good", text: "Chain verified up to record 10; 2 newer not checked yet" });
  expect(stateWords({ ...s, state: "damaged", wrong: 1 }, String)).toEqual({ tone: "bad", text: "The log is not as it was written: 1 problem" });
  expect(stateWords({ ...s, state: "unchecked" }, String).tone).toBe("odd");
});

test("the filter sends what is set", () => {
  const s = { operator: "", action: "sign-in", subject: "", text: "", open: 0, range: { last: "48h" } };
  expect(parameters(filterOf(s, { from: "a", to: "b" }))).toEqual({ action: "sign-in", from: "a", to: "b" });
  expect(parameters(filterOf({ ...s, range: { last: "all" } }, { from: "a", to: "b" }))).toEqual({ action: "sign-in" });
});
