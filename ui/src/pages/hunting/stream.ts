// The answer to a query comes line by line, so that rows are there while the rest is on its way.

import { prefix, problem, Problem } from "../../api/client";
import type { HuntDefect, HuntLine } from "./shapes";

export interface HuntAsk { query: string; from?: string; to?: string; check?: boolean; id?: string; limit?: number }

/** The server refused the query: what is wrong and where. */
export function defectOf(e: unknown): HuntDefect | undefined {
  if (!(e instanceof Problem)) return undefined;
  const at = e.errors.find((x) => x.location === "body.query");
  const v = at?.value;
  if (typeof v !== "object" || v === null || !("line" in v)) return undefined;
  return v as HuntDefect;
}

const long = /\d{16}/;

/** One line. Whole numbers that JavaScript cannot hold come as their digits. */
export function parseLine(line: string): HuntLine {
  if (!long.test(line)) return JSON.parse(line) as HuntLine;
  const exact = (_: string, v: unknown, how?: { source?: string }) =>
    typeof v === "number" && Number.isInteger(v) && !Number.isSafeInteger(v) && how?.source !== undefined && /^-?\d+$/.test(how.source) ? how.source : v;
  return JSON.parse(line, exact) as HuntLine;
}

/** Asks, and hands over what comes, some lines at a time. Refusals and broken lines are a Problem. */
export async function hunt(ask: HuntAsk, signal: AbortSignal, onLines: (lines: HuntLine[]) => void): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(`${prefix}/hunt`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ask), signal });
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new Problem(0, "The server does not answer", "Check that tocsin serve is running and that this computer can reach it.");
  }
  if (!answer.ok) throw problem(answer, await answer.json().catch(() => ({})));
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) onLines(lines.filter((l) => l !== "").map(parseLine));
  }
  if (rest.trim() !== "") onLines([parseLine(rest)]);
}
