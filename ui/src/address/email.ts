// The state of one message's page, to and from the address bar: which recipient's event, which tab, and the list it was opened
// from, so that the message before and after can be reached and a colleague sees the same.

import { readExplorer, writeExplorer, type ExplorerState } from "./explorer";
import { readRange, writeRange } from "./range";
import type { Search } from "./search";

export const emailTabs = ["analysis", "timeline", "headers", "preview", "urls", "attachments", "recipients", "similar"] as const;
export type EmailTab = (typeof emailTabs)[number];

/** The list a message was opened from: Explorer's question. */
export type FromList = Pick<ExplorerState, "view" | "q" | "sort" | "desc" | "range">;

export interface EmailState {
  /** Which recipient's event; "" for the first by address. */
  recipient: string;
  tab: EmailTab;
  /** How the tab shows it: raw headers, the source of the text. Each tab has its own words and a default, "". */
  show: string;
  /** What is looked for in the headers. */
  find: string;
  list: FromList | undefined;
}

export function readEmail(s: Record<string, unknown>): EmailState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  const tab = emailTabs.find((t) => t === s["tab"]) ?? "analysis";
  return { recipient: text("recipient", 320), tab, show: /^[a-z]{1,20}$/.test(text("show", 20)) ? text("show", 20) : "", find: text("find", 200), list: s["list"] === "1" ? readList(s) : undefined };
}

function readList(s: Record<string, unknown>): FromList {
  const { view, q, sort, desc, range } = readExplorer(s);
  return { view, q, sort, desc, range };
}

/** now is what the address says at the moment: the time range of the app stays in it. */
export function writeEmail(s: EmailState, now: Record<string, unknown> = {}): Search {
  const out: Search = {};
  const put = (k: string, v: string, or: string) => {
    if (v !== or) out[k] = v;
  };
  put("recipient", s.recipient, "");
  put("tab", s.tab, "analysis");
  put("show", s.show, "");
  put("find", s.find, "");
  if (s.list) {
    const { tab: _, ...list } = writeExplorer({ ...readExplorer({}), ...s.list }); // Explorer's own tab is not ours
    return { ...out, list: "1", ...list };
  }
  return { ...out, ...writeRange(readRange(now)) };
}
