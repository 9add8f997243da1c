import { useEffect, useRef } from "react";

interface KeyGroup { group: string; keys: readonly (readonly [keys: string, does: string])[] }

/** Every key, for the help overlay. pages are those that the operator may open. */
export const keyHelp = (pages: readonly { key: string; label: string }[]): readonly KeyGroup[] => [
  { group: "Everywhere", keys: [["/", "Search"], ["?", "This list"], ...pages.map((p) => [`g ${p.key}`, `Go to ${p.label}`] as const), ["Esc", "Close what is open"]] },
  {
    group: "In a list of mail",
    keys: [
      ["j", "Next row"], ["k", "Previous row"], ["← →", "Next and previous cell"], ["o", "Open the message"], ["Enter", "Open, or the menu of a value"],
      ["x", "Select"], ["Shift x", "Select up to here"], ["m", "Menu of the value"], ["c", "Copy the value"],
    ],
  },
  { group: "In Hunting", keys: [["Ctrl Enter", "Run the selection, or the query at the cursor"], ["Tab", "Take what the editor proposes"], ["F6", "Next part: side, editor, rows"]] },
  { group: "In Rules", keys: [["j", "Next rule"], ["k", "Previous rule"], ["o", "Open the rule beside the list"], ["e", "Open its text"], ["Ctrl Enter", "Test the text"], ["Ctrl s", "Save the text"]] },
  { group: "In Incidents", keys: [["x", "Select the row"], ["o", "Open the incident"], ["a", "Take the open incident"], ["n", "Write a note"]] },
  { group: "In an open message", keys: [["[", "Previous message"], ["]", "Next message"], ["Esc", "Close"]] },
];

type Handler = (e: KeyboardEvent) => void;

function typing(e: KeyboardEvent): boolean {
  const t = e.target;
  if (!(t instanceof HTMLElement)) return false;
  return t.isContentEditable || t.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [role=combobox]") || t.closest("[role=dialog],[role=menu],[role=listbox]") !== null;
}

/** Shortcuts while the caller is mounted: a key ("/", "Escape", "X" for Shift x) or two in a row ("g e"). Not while somebody types or a menu is open. */
export function useKeys(map: Record<string, Handler>, on = true): void {
  const latest = useRef(map);
  useEffect(() => {
    latest.current = map;
  });
  useEffect(() => {
    if (!on) return;
    let first = "";
    let at = 0;
    const down = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
      const pair = performance.now() - at < 1000 ? `${first} ${e.key}` : "";
      const run = (pair && latest.current[pair]) || latest.current[e.key];
      first = e.key;
      at = performance.now();
      if (run) {
        e.preventDefault();
        run(e);
      }
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, [on]);
}
