// The state of the pages of campaigns in the address: what the list shows and in which order, and the node of the flow that a campaign is narrowed to.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export const types = ["Malware", "Phish", "Spam"] as const;
export type Type = (typeof types)[number];
export const onlys = ["inboxed", "still", "clicked", "targets"] as const;
export type Only = (typeof onlys)[number];
export const sorts = ["name", "type", "first", "last", "messages", "recipients", "inboxed", "junked", "blocked", "clicked", "removed", "in_junk", "still", "targets"] as const;
export type Sort = (typeof sorts)[number];

export interface CampaignsState {
  type: Type | "";
  only: readonly Only[];
  text: string;
  sort: Sort;
  desc: boolean;
  range: Range;
}

export function readCampaigns(s: Record<string, unknown>): CampaignsState {
  const order = typeof s["sort"] === "string" ? s["sort"] : "", by = sorts.find((x) => x === order.replace(/^-/, ""));
  return {
    type: types.find((t) => t === s["type"]) ?? "",
    only: typeof s["only"] === "string" ? onlys.filter((o) => (s["only"] as string).split(",").includes(o)) : [],
    text: typeof s["text"] === "string" && s["text"].length <= 200 ? s["text"] : "",
    sort: by ?? "last",
    desc: by === undefined || order.startsWith("-"),
    range: readRange(s),
  };
}

export function writeCampaigns(s: CampaignsState): Search {
  const out: Search = {};
  if (s.type) out["type"] = s.type;
  if (s.only.length > 0) out["only"] = s.only.join(",");
  if (s.text) out["text"] = s.text;
  const order = (s.desc ? "-" : "") + s.sort;
  if (order !== "-last") out["sort"] = order;
  return Object.assign(out, writeRange(s.range));
}

export const stages = ["sender", "payload", "delivery", "click", "now"] as const;
export type Stage = (typeof stages)[number];

/** The node of the flow that the page of a campaign is narrowed to, as the server takes it; "" for all mail. */
export function readNode(s: Record<string, unknown>): string {
  const node = s["node"];
  return typeof node === "string" && node.length <= 600 && stages.some((x) => node.startsWith(`${x}:`)) ? node : "";
}
