import { expect, test } from "vitest";
import { readSubmissions } from "../../address/submissions";
import { parameters } from "./queries";
import type { Report } from "./queries";
import { answerWords, rightWords, spanWords, verdictWords, wayWords } from "./words";

const time = { from: "a", to: "b" };

test("those that wait are shown whenever they came", () => {
  expect(parameters(readSubmissions({ result: "Spam" }), time)).toEqual({ state: ["New", "In triage"] });
  expect(parameters(readSubmissions({ stage: "Closed", result: "Spam", owner: "me" }), time)).toEqual({ state: ["Closed"], result: ["Spam"], owner: "me", from: "a" });
  expect(parameters(readSubmissions({ stage: "Closed", from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" }), time)).toEqual({ state: ["Closed"], ...time });
  expect(parameters(readSubmissions({ stage: "all", last: "all" }), time)).toEqual({});
});

test("words", () => {
  expect(verdictWords({ threat_types: [], score: 0, signals: [], note: "" })).toBe("Not judged");
  expect(verdictWords({ at: "x", threat_types: ["Phish", "Spam"], score: 80, signals: [], note: "" })).toBe("Phish, Spam");
  expect(wayWords({ via: "Mail", form: "Quoted" })).toMatch(/quoted/);
  const r = { answer: "", at: "x" } as Report;
  expect([answerWords({ state: "New" }, r), answerWords({ state: "Closed" }, r), answerWords({ state: "Closed" }, { ...r, answer: "Spam" }), answerWords({ state: "Closed" }, { ...r, answer: "Spam", answered: "x" })]).toEqual(["", "answer is being sent", "not answered", "told: Spam"]);
  expect([0, 40, 600, 7200, 172_800].map(spanWords)).toEqual(["none closed", "40 s", "10 min", "2 h", "2 days"]);
  expect([rightWords({ right: 3, wrong: 1 }), rightWords({ right: 0, wrong: 0 })]).toEqual(["75 %", "not known yet"]);
});
