import { expect, test } from "vitest";
import { chanceWords, changeWords, conditionWords, lengthWords, standing } from "./words";

test("lengths, conditions and changes are words", () => {
  expect([900, 3600, 7200, 86_400, 604_800].map(lengthWords)).toEqual(["15 minutes", "hour", "2 hours", "day", "7 days"]);
  expect(conditionWords({ condition: "Above", threshold: 10 })).toBe("more than 10");
  expect(conditionWords({ condition: "Grows" })).toBe("grows");
  expect([changeWords(5, 3), changeWords(3, 5), changeWords(3, 3), changeWords(3, undefined)]).toEqual(["+2", "−2", "the same", ""]);
});

test("a chance is how often it happens", () => {
  expect(chanceWords(0.7, "week")).toBe("usual");
  expect(chanceWords(0.25, "week")).toBe("once in 4 weeks");
  expect(chanceWords(1 / 2345, "week")).toBe("once in 2,300 weeks");
  expect(chanceWords(0, "day")).toBe("less than once in a billion days");
});

test("the worst of a tracker is said first", () => {
  const t = { on: true, stopped: "", waiting: "", held: true, last: undefined as never };
  expect(standing(t)).toBe("over");
  expect(standing({ ...t, stopped: "x", on: false })).toBe("stopped");
  expect(standing({ ...t, on: false })).toBe("off");
});
