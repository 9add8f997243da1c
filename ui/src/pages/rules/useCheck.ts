import { useEffect, useState } from "react";
import { tryRule, type RuleProblem, type RuleTried } from "./queries";
import { offsetOf } from "./template";
import type { Mark } from "../../components/editor/useEditor";

/** Asks the server, a moment after each change, what is wrong with a text. An answer to another text is none. */
export function useCheck(text: string, on: boolean): { checked: RuleTried | undefined; lost: string } {
  const [answer, setAnswer] = useState<{ text: string; tried?: RuleTried; lost?: string }>();
  useEffect(() => {
    if (!on || text.trim() === "") return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      tryRule({ text, check: true }, stop.signal).then((tried) => setAnswer({ text, tried }), (e: unknown) => {
        if (!stop.signal.aborted) setAnswer({ text, lost: e instanceof Error ? e.message : String(e) });
      });
    }, 350);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, on]);
  const fits = on && answer?.text === text ? answer : undefined;
  return { checked: fits?.tried, lost: fits?.lost ?? "" };
}

/** Where problems stand in the text. */
export function marksOf(text: string, problems: readonly RuleProblem[], warnings: readonly RuleProblem[]): Mark[] {
  const mark = (wrong: boolean) => (p: RuleProblem): Mark => ({ ...offsetOf(text, p.line, p.column), message: p.message, wrong });
  return [...problems.map(mark(true)), ...warnings.filter((w) => w.line > 0 && w.column > 0).map(mark(false))];
}
