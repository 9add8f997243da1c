import { describe, expect, it } from "vitest";
import type { ChartChoice } from "../../address/hunting";
import { tones } from "../../theme/tokens";
import { draw, mostBars, mostSeries, undrawn, wishOf } from "./chart";
import type { Cells, HuntColumn, HuntRender } from "./shapes";

const col = (name: string, type: string): HuntColumn => ({ name, type });
const none: ChartChoice = { kind: undefined, x: "", y: "", by: "" };
const render = (kind: string, properties: HuntRender["properties"] = {}): HuntRender => ({ kind, properties });
const drawn = (columns: HuntColumn[], rows: Cells[], r?: HuntRender, choice = none) => draw(columns, rows, wishOf(columns, r, choice)!, "light", "utc");

const byPlace = [col("LatestDeliveryLocation", "string"), col("Messages", "long")];
const byTime = [col("Timestamp", "datetime"), col("DeliveryAction", "string"), col("n", "long")];

describe("which columns are drawn", () => {
  it("nothing, when nobody asks", () => {
    expect(wishOf(byPlace, undefined, none)).toBeUndefined();
    expect(wishOf(byPlace, render("table"), none)).toBeUndefined();
    expect(wishOf(byPlace, render("barchart"), { ...none, kind: "none" })).toBeUndefined();
  });
  it("nothing, when there is no number", () => {
    expect(wishOf([col("a", "string")], render("barchart"), none)).toBeUndefined();
  });
  it("as Kusto takes them", () => {
    expect(wishOf(byPlace, render("piechart"), none)).toMatchObject({ kind: "bar", x: 0, y: [1], by: -1, stacked: false });
    expect(wishOf(byTime, render("timechart"), none)).toMatchObject({ kind: "line", x: 0, y: [2], by: 1, stacked: false });
    expect(wishOf([col("n", "long"), col("Timestamp", "datetime")], render("timechart"), none)).toMatchObject({ x: 1, y: [0] });
    expect(wishOf(byTime, render("columnchart"), none)).toMatchObject({ kind: "column", by: 1, stacked: true });
    expect(wishOf(byTime, render("columnchart", { kind: "unstacked" }), none)).toMatchObject({ stacked: false });
    expect(wishOf(byTime, render("areachart", { kind: "stacked" }), none)).toMatchObject({ kind: "area", stacked: true });
    expect(wishOf([col("a", "long"), col("b", "real")], render("scatterchart"), none)).toMatchObject({ kind: "scatter", x: 0, y: [1] });
  });
  it("as the query names them", () => {
    const c = [col("a", "string"), col("b", "string"), col("n", "long"), col("m", "long")];
    expect(wishOf(c, render("barchart", { xcolumn: "b", ycolumns: ["m"], series: ["a"] }), none)).toMatchObject({ x: 1, y: [3], by: 0 });
  });
  it("as a person chooses", () => {
    expect(wishOf(byTime, render("timechart"), { kind: "bar", x: "DeliveryAction", y: "n", by: "-" })).toMatchObject({ kind: "bar", x: 1, y: [2], by: -1 });
  });
  it("says what it does not draw", () => {
    expect(undrawn(render("treemap"))).toBe("treemap");
    expect(undrawn(render("timechart"))).toBeUndefined();
    expect(undrawn(undefined)).toBeUndefined();
  });
});

describe("what is drawn", () => {
  it("colours values by what they mean, and only those", () => {
    const d = drawn(byPlace, [["Quarantine", 38], ["Inbox/folder", 16], ["Junk folder", 11]], render("barchart"));
    expect(d.keys).toEqual(["Quarantine", "Inbox/folder", "Junk folder"]);
    expect(d.colors).toEqual([tones.light.blocked.solid, undefined, tones.light.junked.solid]);
  });
  it("orders times, and has a place for each", () => {
    const d = drawn(byTime, [["2026-11-02T00:00:00Z", "Blocked", 2], ["2026-11-01T00:00:00Z", "Blocked", 1], ["2026-11-01T00:00:00Z", "Junked", 5]], render("timechart"));
    expect(d.keys).toEqual(["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]);
    expect(d.labels).toEqual(["1 Nov", "2 Nov"]);
    expect(d.series.map((s) => [s.label, s.values])).toEqual([["Blocked", [1, 2]], ["Junked", [5, null]]]);
    expect(d.series[0]!.color).toBe(tones.light.blocked.solid);
  });
  it("says when it adds up", () => {
    const d = drawn(byPlace, [["a", 1], ["a", 2]], render("barchart"));
    expect(d.series[0]!.values).toEqual([3]);
    expect(d.notes.join()).toMatch(/their sum is drawn/);
  });
  it("says what it leaves out", () => {
    const many = Array.from({ length: 100 }, (_, i): Cells => [`v${i}`, i]);
    const d = drawn(byPlace, many, render("barchart"));
    expect(d.keys).toHaveLength(mostBars);
    expect(d.keys).toContain("v99");
    expect(d.keys).not.toContain("v0");
    expect(d.notes).toEqual(["The 40 largest of 100."]);
    const series = drawn([col("t", "datetime"), col("who", "string"), col("n", "long")], many.map((r): Cells => ["2026-11-01T00:00:00Z", r[0], r[1]]), render("timechart"));
    expect(series.series).toHaveLength(mostSeries);
    expect(series.series.at(-1)!.label).toBe("Other");
    expect(series.series.reduce((n, s) => n + s.total, 0)).toBe(4950);
  });
  it("passes over what is no number", () => {
    const d = drawn([col("s", "string"), col("x", "real")], [["a", "NaN"], ["b", null], ["c", 1.5]], render("barchart"));
    expect(d.keys).toEqual(["c"]);
  });
  it("draws points", () => {
    const d = drawn([col("a", "long"), col("b", "real")], [[1, 2], [3, 4], [null, 5]], render("scatterchart"));
    expect(d.series[0]!.points).toEqual([[1, 2], [3, 4]]);
  });
  it("keeps a value that calls itself Other apart", () => {
    const rows = [...Array.from({ length: 20 }, (_, i): Cells => ["2026-11-01T00:00:00Z", `v${i}`, 1]), ["2026-11-01T00:00:00Z", "Other", 50] as Cells];
    const d = drawn([col("t", "datetime"), col("who", "string"), col("n", "long")], rows, render("timechart"));
    expect(d.series.filter((s) => s.label === "Other").map((s) => s.value)).toEqual(["Other", undefined]);
  });
});
