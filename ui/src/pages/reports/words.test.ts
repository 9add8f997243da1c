import { expect, it } from "vitest";
import { valueWords, whenWords } from "./words";

it("says lengths of time as people do", () => {
  const say = (value: number) => valueWords({ unit: "seconds", figure: { value } });
  expect([say(0), say(45), say(1800), say(7200), say(259_200), valueWords({ unit: "count", figure: { value: 12_345 } })]).toEqual(["–", "45 s", "30 min", "2 h", "3 days", "12,345"]);
});

it("says when a report is sent", () => {
  expect(whenWords({ rhythm: "weekly", weekday: "Monday", hour: 7, zone: "UTC" })).toBe("Mondays at 7:00, UTC");
  expect(whenWords({ rhythm: "monthly", day: 31, hour: 0, zone: "UTC" })).toBe("Day 31 of the month at 0:00, UTC");
});
