import { describe, expect, it } from "vitest";
import { hide, move, put, readLayout, same, shown, spans, usualLayout, usualOrder, writeLayout, type WidgetKey } from "./layout";

const rows = (keys: readonly WidgetKey[]) => {
  const out: number[][] = [];
  let left = 0;
  for (const { span } of spans(keys)) {
    if (left === 0) out.push([]);
    out.at(-1)!.push(span);
    left = (left === 0 ? 12 : left) - span;
  }
  expect(left).toBe(0);
  return out;
};

describe("layout of the dashboard", () => {
  it("stands as it was drawn", () => {
    expect(rows(usualOrder)).toEqual([[12], [12], [8, 4], [8, 4], [8, 4], [5, 4, 3], [5, 4, 3]]);
  });
  it("fills every row, whatever is moved or hidden", () => {
    let l = usualLayout;
    for (const k of usualOrder) {
      rows(shown((l = move(l, k, 3))));
      rows(shown((l = hide(l, k))));
    }
    expect(shown(l)).toEqual([]);
    expect(rows(["origin", "campaigns"])).toEqual([[6, 6]]);
    expect(rows(["protection", "insights"])).toEqual([[12], [12]]);
  });
  it("moves among what is shown and stops at the ends", () => {
    const l = hide(usualLayout, "weekly");
    expect(shown(move(l, "insights", -1)).slice(1, 4)).toEqual(["summary", "insights", "protection"]);
    expect(move(l, "needs", -1)).toBe(l);
    expect(shown(move(l, "summary", 99)).at(-1)).toBe("summary");
    expect(shown(put(l, "work", "needs", false))[0]).toBe("work");
  });
  it("keeps what somebody arranged when a widget is new, and drops what there is no more", () => {
    const place = (key: string, hidden = false, wide = false) => ({ key, hidden, wide });
    const kept = readLayout([place("needs"), place("work"), place("gone", true), place("summary", false, true), place("work", true), place("origin", true)]);
    expect(kept.order.slice(0, 5)).toEqual(["needs", "work", "summary", "protection", "weekly"]);
    expect(new Set(kept.order)).toEqual(new Set(usualOrder));
    expect([kept.hidden, kept.wide]).toEqual([["origin"], ["summary"]]);
    expect(same(readLayout([]), usualLayout)).toBe(true);
    expect(same(readLayout(writeLayout(kept)), kept)).toBe(true);
    expect(spans(["weekly", "insights"], ["weekly"])).toEqual([{ key: "weekly", span: 12 }, { key: "insights", span: 12 }]);
  });
});
