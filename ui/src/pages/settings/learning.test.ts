import { expect, test } from "vitest";
import { good, stateOf, steps, why, type Learning, type Model } from "./learning";

const none: Learning = { collecting: true, activates: false, examples: 1300, phish: 120, spam: 10, good: 30, need_bad: 200, need_good: 2000, need_new: 50, quiet_hours: 72, most_false_positives: 0.5, models: [] };
const model = (m: Partial<Model>): Model => ({ threat: "Phish", state: "shadow", trained: "2026-11-20T08:00:00Z", bad: 210, good: 2100, features: 900, passed: false, check: "check not passed: it finds 9 of 600", ...m });

test("progress counts what is there against what a training needs", () => {
  expect(good(none)).toBe(1170);
  expect(steps(none, "Phish").map((s) => [s.have, s.need])).toEqual([[120, 200], [1170, 2000]]);
  expect(steps(none, "Spam")[0]?.have).toBe(10);
  expect(why(none, "Phish")).toBe("Not trained yet: it takes 80 more called phish and 830 more good messages.");
  expect(why({ ...none, phish: 250, examples: 3000 }, "Phish")).toMatch(/enough to learn from/);
});

test("a model that does not speak says why", () => {
  expect(stateOf({ ...none, collecting: false }, "Phish")).toBe("off");
  expect(why({ ...none, collecting: false }, "Phish")).toMatch(/learning\.collect/);
  const shadow = { ...none, models: [model({})] };
  expect([stateOf(shadow, "Phish"), stateOf(shadow, "Spam")]).toEqual(["shadow", "none"]);
  expect(why(shadow, "Phish")).toMatch(/did not pass its check/);
  expect(why({ ...none, models: [model({ passed: true })] }, "Phish")).toMatch(/until somebody activates it/);
  expect(stateOf({ ...none, models: [model({}), model({ state: "active", passed: true })] }, "Phish")).toBe("active");
});
