import { describe, expect, it } from "vitest";
import { compare } from "./compare";
import { fits } from "./editor/complete";
import { meaningOf } from "./meaning";
import { factsOf, numberText, sorted, timeText } from "./values";
import { places, widthsOf } from "./widths";

describe("values", () => {
  it("are sorted by their type, with what is empty last", () => {
    const rows = [[10], [null], [9], ["9007199254740993"]];
    expect([...sorted(rows, 4, 0, "long", false)]).toEqual([2, 0, 3, 1]);
    expect([...sorted(rows, 4, 0, "long", true)]).toEqual([3, 0, 2, 1]);
    expect([...sorted([["1.00:00:00"], ["23:59:59"], ["-00:00:01"]], 3, 0, "timespan", false)]).toEqual([2, 1, 0]);
    expect([...sorted([["b"], ["a"], ["a"]], 3, 0, "string", false)]).toEqual([1, 2, 0]);
    expect([...sorted([["b"], ["a"]], 2, -1, "", false)]).toEqual([0, 1]);
  });
  it("are read", () => {
    expect(numberText(1234567)).toBe("1,234,567");
    expect(numberText(-0.25)).toBe("-0.25");
    expect(numberText("9007199254740993")).toBe("9007199254740993");
    expect(timeText("2026-11-18T14:21:08.123456Z", "utc", 2026)).toBe("18 Nov 14:21:08");
    expect(timeText("2024-01-01T00:00:00Z", "utc", 2026)).toBe("1 Jan 2024 00:00:00");
  });
  it("are counted", () => {
    const f = factsOf([["a"], ["b"], ["a"], [""], [null]], 5, 0, "string");
    expect(f).toMatchObject({ filled: 3, distinct: 2, top: [{ value: "a", count: 2 }, { value: "b", count: 1 }] });
    expect(factsOf([[3], [-1]], 2, 0, "long")).toMatchObject({ least: "-1", most: "3" });
  });
  it("mean what the row says", () => {
    expect(meaningOf("DeliveryAction", "Delivered")).toBeUndefined();
    expect(meaningOf("DeliveryAction", "Delivered", "Phish")).toBe("threat");
    expect(meaningOf("DeliveryAction", "Delivered", "")).toBe("clean");
    expect(meaningOf("LatestDeliveryLocation", "Quarantine")).toBe("blocked");
    expect(meaningOf("Subject", "Quarantine")).toBeUndefined();
    expect(meaningOf("DeliveryAction", "constructor")).toBeUndefined();
  });
});

describe("two results", () => {
  const r = (...rows: unknown[][]) => ({ columns: [{ name: "a", type: "string" }, { name: "n", type: "long" }], rows, count: rows.length });
  it("are compared by what both have", () => {
    expect(compare(r(["x", 1], ["y", 2]), r(["y", 2], ["x", 1]))).toBe("The last run has the same rows.");
    expect(compare(r(["x", 1], ["y", 2]), r(["y", 2], ["z", 1], ["z", 1]))).toBe("The last run has 2 rows that are not here, and misses 1 row of these.");
    expect(compare(r(["x", 1]), { columns: [{ name: "a", type: "string" }], rows: [["x"]], count: 1 })).toBe("The last run has the same rows (by a).");
    expect(compare(r(["x", 1]), { columns: [{ name: "b", type: "string" }], rows: [["x"]], count: 1 })).toBeUndefined();
  });
});

describe("columns", () => {
  it("fill their place and keep what a person chose", () => {
    const columns = [{ name: "s", type: "string" }, { name: "n", type: "long" }];
    const natural = widthsOf(columns, [["x", 1]]);
    const p = places(columns, natural, { n: 300 }, 1000);
    expect(p.width[1]).toBe(300);
    expect(p.total).toBe(1000);
    expect(places(columns, natural, {}, 10).width).toEqual(natural);
  });
});

describe("proposals", () => {
  it("fit by words, not by letters strewn about", () => {
    expect([fits("LatestDeliveryLocation", "latestdel"), fits("LatestDeliveryLocation", "Loc"), fits("percentiles_array", "entil"), fits("percentiles_array", "LatestDel")]).toEqual([0, 1, 2, -1]);
  });
});
