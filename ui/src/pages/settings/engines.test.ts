import { expect, test } from "vitest";
import { age, stale, summary, type Engine } from "./engines";

const at = (iso: string) => new Date(iso);

test("signatures have an age in words, and a week is old", () => {
  const now = at("2026-11-26T12:00:00Z");
  expect(age(at("2026-11-26T08:00:00Z"), now)).toBe("less than a day");
  expect(age(at("2026-11-25T08:00:00Z"), now)).toBe("one day");
  expect(age(at("2026-11-16T08:00:00Z"), now)).toBe("10 days");
  expect(age(at("2027-11-16T08:00:00Z"), now)).toBeUndefined();
  expect(stale(at("2026-11-20T08:00:00Z"), now)).toBe(false);
  expect(stale(at("2026-11-16T08:00:00Z"), now)).toBe(true);
});

test("what stands is counted, what is broken first", () => {
  const e = (state: Engine["state"]) => ({ state }) as Engine;
  expect(summary([e("off"), e("off"), e("off"), e("off")])).toBe("None is set up");
  expect(summary([e("answering"), e("off"), e("away"), e("unknown")])).toBe("1 does not answer, 1 answers, 1 was not asked yet, 1 is not set up");
});
