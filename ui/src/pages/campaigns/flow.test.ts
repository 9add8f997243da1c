import { expect, test } from "vitest";
import { layout } from "./flow";
import type { Campaign } from "./queries";

const node = (stage: string, name: string, value: number) => ({ stage, name, value, unit: "deliveries", kql: "", explorer: { view: "all", q: "" } });

test("the flow stays inside its place and every band inside its boxes", () => {
  const flow = {
    total: 30, kql: "",
    nodes: [node("sender", "a.example", 20), node("sender", "*", 10), node("payload", "x.example", 30), node("delivery", "blocked", 24), node("delivery", "inbox", 6), node("click", "unclicked", 6), node("now", "still", 6)],
    edges: [{ from: 0, to: 2, value: 20 }, { from: 1, to: 2, value: 10 }, { from: 2, to: 3, value: 24 }, { from: 2, to: 4, value: 6 }, { from: 4, to: 5, value: 6 }, { from: 5, to: 6, value: 6 }],
  } as unknown as Campaign["flow"];
  const l = layout(flow, 1000, 160);
  for (const b of l.boxes) expect(b.x >= 0 && b.x <= 840 && b.y >= 0 && b.y + b.height <= l.height + 0.01).toBe(true);
  for (const b of l.bands) {
    expect(b.y1 - b.width / 2).toBeGreaterThanOrEqual(b.from.y - 0.01);
    expect(b.y1 + b.width / 2).toBeLessThanOrEqual(b.from.y + b.from.height + 0.01);
    expect(b.y2 + b.width / 2).toBeLessThanOrEqual(b.to.y + b.to.height + 0.01);
  }
  // The inbox stands above what was blocked, whatever the counts.
  expect(l.boxes[4]!.y).toBeLessThan(l.boxes[3]!.y);
});
