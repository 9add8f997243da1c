import { describe, expect, it } from "vitest";
import type { Trend } from "./shapes";
import { change, fewer, letters, line, logWidth, period, share, waited } from "./words";

describe("words of the dashboard", () => {
  it.each([
    [1064, 900, "+18%"], [212, 225, "−6%"], [6, 4, "+2"], [4, 4, "same"], [0, 3, "−3"], [900, 20, "+880"], [10_001, 10_000, "same"], [5, undefined, ""],
  ])("says %d after %s as %s", (now, before, said) => expect(change(now, before)).toBe(said));
  it("gives a share that is not nothing", () => {
    expect([share(4115, 18642), share(1, 1_000), share(1, 100_000), share(0, 9), share(1, 0)]).toEqual(["22.1%", "0.1%", "under 0.01%", "0.0%", ""]);
  });
  it("tells how long something waits", () => {
    expect([waited(41 * 60), waited(3 * 3600 + 12 * 60), waited(5 * 3600 + 120), waited(3 * 86400), waited(-5)]).toEqual(["41 min", "3 h 12 min", "5 h 02 min", "3 days", "0 min"]);
  });
  it("draws what is there and nothing where nothing is", () => {
    expect(logWidth(0, 100)).toBe(0);
    expect(logWidth(100, 100)).toBe(1);
    expect(logWidth(10, 10_000)).toBeGreaterThan(logWidth(1, 10_000));
    expect(line([0, 2, 1], 10, 4)).toBe("0.0,4.0 5.0,0.0 10.0,2.0");
    expect(line([0, 0], 10, 4)).toBe("0.0,4.0 10.0,4.0");
  });
  it("names a period and a person", () => {
    expect(period(new Date("2026-11-11T14:30:00Z"), new Date("2026-11-18T14:30:00Z"))).toBe("7 days");
    expect([letters("Ines Caldeira"), letters("maren.okafor@a.example"), letters("postmaster@a.example")]).toEqual(["IC", "MO", "P"]);
  });
  it("puts what is small into the rest, and not a single one", () => {
    const of = (n: number): Trend => ({ bucket_seconds: 1, starts: [], series: Array.from({ length: n }, (_, i) => ({ key: `${i}`, label: "", total: { value: n - i, kql: "", gaps: [] }, counts: [] })) });
    expect([fewer(of(9), 8).series.length, fewer(of(9), 8).rest.length]).toEqual([9, 0]);
    expect([fewer(of(12), 8).series.length, fewer(of(12), 8).rest.length]).toEqual([8, 4]);
  });
});
