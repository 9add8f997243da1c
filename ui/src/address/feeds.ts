// The state of the page of feeds in the address: the feed that is open, and whether one is being set up.

import { readRange, writeRange, type Range } from "./range";
import type { Search } from "./search";

export interface FeedsState {
  /** Id of the open feed; "" for none. */
  feed: string;
  /** The dialog: "new", the id of the feed that is changed, or "". */
  setup: string;
  range: Range;
}

const id = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export function readFeeds(s: Record<string, unknown>): FeedsState {
  const text = (k: string) => (typeof s[k] === "string" && s[k].length <= 60 && id.test(s[k]) ? s[k] : "");
  return { feed: text("feed"), setup: text("setup"), range: readRange(s) };
}

export function writeFeeds(s: FeedsState): Search {
  const out: Search = {};
  if (s.feed !== "") out["feed"] = s.feed;
  if (s.setup !== "") out["setup"] = s.setup;
  return Object.assign(out, writeRange(s.range));
}
