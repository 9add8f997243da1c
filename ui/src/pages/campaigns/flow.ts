import type { Stage } from "../../address/campaigns";
import { stages } from "../../address/campaigns";
import type { Meaning } from "../../theme/tokens";
import type { Campaign, FlowNode } from "./queries";

// Where the nodes and bands of a campaign's flow stand. Pure: the chart paints it, a test measures it.

export const stageNames: Record<Stage, string> = { sender: "Sender domain", payload: "Link or file", delivery: "Delivery", click: "Click", now: "Now" };

const words: Record<string, string> = {
  "delivery:inbox": "Inbox", "delivery:junk": "Junk folder", "delivery:blocked": "Blocked", "click:clicked": "Clicked", "click:unclicked": "Not clicked", "now:removed": "Removed", "now:junk": "In Junk", "now:still": "In inboxes",
};

/** What a node is called. */
export function nodeWord(n: { stage: string; name: string }): string {
  if (n.name === "*") return n.stage === "sender" ? "Other domains" : "Others";
  return words[`${n.stage}:${n.name}`] ?? (n.name === "" ? "(none)" : n.name);
}

const meanings: Record<string, Meaning> = { "delivery:inbox": "threat", "delivery:junk": "junked", "delivery:blocked": "blocked", "click:clicked": "threat", "now:removed": "removed", "now:junk": "junked", "now:still": "threat" };

/** What colour says of a node; undefined where it only names something. */
export const meaningOf = (n: { stage: string; name: string }): Meaning | undefined => meanings[`${n.stage}:${n.name}`];

export const keyOf = (n: { stage: string; name: string }) => `${n.stage}:${n.name}`;

export interface Box { node: FlowNode; x: number; y: number; height: number }
export interface Band { from: Box; to: Box; y1: number; y2: number; width: number; value: number }
export interface Layout { boxes: Box[]; bands: Band[]; height: number }

/** Room between boxes of a column: a name and a count stand beside each. */
const least = 30, gap = 8;

/** Places the flow in a width: one column a stage, boxes as high as what passes them, bands that leave and arrive in order. */
export function layout(flow: Campaign["flow"], width: number, boxWidth: number): Layout {
  const order: Record<string, number> = { inbox: 0, junk: 1, blocked: 2, clicked: 0, unclicked: 1, removed: 2, still: 0 };
  const columns = stages.map((s) => flow.nodes.map((node, index) => ({ node, index })).filter((n) => n.node.stage === s)
    .sort((a, b) => (s === "sender" || s === "payload" ? Number(a.node.name === "*") - Number(b.node.name === "*") || b.node.value - a.node.value : (order[a.node.name] ?? 9) - (order[b.node.name] ?? 9))));
  const most = Math.max(1, ...columns.map((c) => c.length));
  const height = Math.max(160, most * (least + gap) + 120);
  const total = Math.max(1, flow.total);
  // What is left after every box has its least height is shared by count; the fullest column decides.
  const scale = Math.min(...columns.filter((c) => c.length > 0).map((c) => (height - c.length * (least + gap)) / total));
  const size = (v: number) => least + v * scale;
  const boxes: Box[] = new Array<Box>(flow.nodes.length);
  const step = (width - boxWidth) / (stages.length - 1);
  columns.forEach((c, i) => {
    let y = 0;
    for (const { node, index } of c) {
      boxes[index] = { node, x: i * step, y, height: size(node.value) };
      y += size(node.value) + gap;
    }
  });
  const out = boxes.map(() => 0), arrive = boxes.map(() => 0);
  const sorted = [...flow.edges].sort((a, b) => boxes[a.from]!.y - boxes[b.from]!.y || boxes[a.to]!.y - boxes[b.to]!.y);
  const bands = sorted.map((e) => {
    const from = boxes[e.from]!, to = boxes[e.to]!;
    const w1 = (from.height * e.value) / from.node.value, w2 = (to.height * e.value) / to.node.value;
    const b = { from, to, y1: from.y + out[e.from]!, y2: to.y + arrive[e.to]!, width: Math.min(w1, w2), value: e.value };
    out[e.from]! += w1;
    arrive[e.to]! += w2;
    return { ...b, y1: b.y1 + w1 / 2, y2: b.y2 + w2 / 2 };
  });
  return { boxes, bands, height: Math.max(...boxes.map((b) => b.y + b.height), 120) };
}
