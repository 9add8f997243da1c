import { describe, expect, it } from "vitest";
import type { Chart } from "../../api/client";
import { tones } from "../../theme/tokens";
import { at, axis, sentence, seriesOf, sum, ticks } from "./model";

const starts = (n: number, step: number, from = "2026-11-11T14:00:00Z") => Array.from({ length: n }, (_, i) => new Date(Date.parse(from) + i * step * 1000).toISOString());

const chart: Chart = {
  from: "2026-11-18T12:00:00Z", to: "2026-11-18T15:00:00Z", bucket_seconds: 3600, starts: starts(3, 3600, "2026-11-18T12:00:00Z"), total: 12, mailboxes: 5, took_ms: 1, kql: "",
  series: [
    { key: "blocked", label: "Blocked", total: 6, counts: [1, 2, 3] },
    { key: "delivered_threat", label: "Still delivered", total: 2, counts: [0, 0, 2] },
    { key: "delivered", label: "Delivered, clean", total: 4, counts: [4, 0, 0] },
  ],
};

describe("chart", () => {
  const series = seriesOf(chart, "light");
  it("puts clean mail at the bottom and delivered threats on top, by meaning", () => {
    expect(series.map((s) => s.key)).toEqual(["delivered", "blocked", "delivered_threat"]);
    expect(series.at(-1)?.color).toBe(tones.light.threat.solid);
  });
  it("keeps other splits in the server's order, without the colours of meanings", () => {
    const s = seriesOf({ ...chart, series: [{ key: "a", label: "a", total: 1, counts: [1] }, { key: "", label: "", total: 1, counts: [1] }, { key: "o", label: "Other", total: 1, counts: [1] }] }, "dark");
    expect(s.map((x) => x.label)).toEqual(["a", "(none)", "Other"]);
    expect(new Set(s.map((x) => x.color)).size).toBe(3);
    expect(Object.values(tones.dark).map((t) => t.solid)).not.toContain(s[0]?.color);
  });
  it("adds up", () => {
    expect(sum(series, 0, 2)).toBe(chart.total);
    expect(sum(series, 1, 1)).toBe(2);
  });
  it("finds the segment under the pointer", () => {
    expect(at(series, 0, 3)?.key).toBe("delivered");
    expect(at(series, 0, 4.5)?.key).toBe("blocked");
    expect(at(series, 2, 4)?.key).toBe("delivered_threat");
    expect(at(series, 2, 6)).toBeUndefined();
  });
  it("says it in a sentence", () => {
    expect(sentence(chart, series, "utc")).toBe("12 email events to 5 mailboxes: Delivered, clean 4, Blocked 6, Still delivered 2. Most in one hour: 5 at 18 Nov 12:00.");
  });
  it("labels days on long ranges and the clock on short ones, never crowded", () => {
    expect([...ticks(starts(168, 3600), 3600, "utc", 1000).values()]).toEqual(["Thu 12", "Fri 13", "Sat 14", "Sun 15", "Mon 16", "Tue 17", "Wed 18"]);
    expect([...ticks(starts(12, 300), 300, "utc", 1000).values()]).toEqual(["14:00"]);
    expect(ticks(starts(400, 86400), 86400, "utc", 720).size).toBeLessThanOrEqual(10);
    expect(ticks([], 60, "utc", 100).size).toBe(0);
  });
  it.each([[0, 3], [3, 3], [84, 90], [915, 1200], [1, 3], [4213, 4500]])("rounds the axis above %d", (max, top) => {
    const a = axis(max);
    expect(a.max).toBe(top);
    expect(a.max).toBeGreaterThanOrEqual(max);
    expect(a.interval * 3).toBe(a.max);
  });
});
