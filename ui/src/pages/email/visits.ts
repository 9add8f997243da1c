import type { Schemas } from "../../api/client";
import { defang } from "../../text/defang";

/** What was there, with addresses that nobody can follow by mistake. */
export function seenWords(details: string): string {
  return details.replace(/https?:\/\/[^\s,"]+/g, defang);
}

type Visit = Schemas["LinkVisit"];

/** What was seen when a page was opened, in one sentence. */
export function visitWords(v: Pick<Visit, "threat" | "details" | "failed">): string {
  if (v.failed) return `Nothing was seen: ${v.failed}`;
  if (v.threat) return `The page ${v.threat}`;
  return "Nothing bad was found on the page";
}

/** The addresses a link led over after its own, each once in a row. */
export function wayOn(target: string, way: readonly string[]): string[] {
  return way.filter((a, i) => a !== (i === 0 ? target : way[i - 1]));
}
