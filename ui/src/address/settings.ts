// The state of the settings' page in the address: the tab, what is looked for among the people, and who is open.

import type { Search } from "./search";

export const settingsTabs = ["engines", "learning", "directory", "sources", "operators"] as const;
export type SettingsTab = (typeof settingsTabs)[number];

export interface SettingsState {
  tab: SettingsTab;
  /** The people: words that are looked for, and whether only priority accounts are listed. */
  search: string;
  priority: boolean;
  /** Address of the person whose panel is open. */
  person: string;
}

export function readSettings(s: Record<string, unknown>): SettingsState {
  const text = (k: string, most: number) => (typeof s[k] === "string" && s[k].length <= most ? s[k] : "");
  return { tab: settingsTabs.find((t) => t === s["tab"]) ?? "engines", search: text("search", 200), priority: s["priority"] === "1", person: text("person", 320) };
}

export function writeSettings(s: SettingsState): Search {
  const out: Search = {};
  if (s.tab !== "engines") out["tab"] = s.tab;
  if (s.tab !== "directory") return out;
  if (s.search) out["search"] = s.search;
  if (s.priority) out["priority"] = "1";
  if (s.person) out["person"] = s.person;
  return out;
}
