import { useEffect, useState } from "react";
import { Problem } from "../../api/client";
import type { Mark } from "../../components/editor/useEditor";
import { placeAt, placeOf, statementAt, statements } from "./statements";
import { defectOf, hunt } from "./stream";
import type { HuntDefect } from "./shapes";

export interface Defect extends Mark {
  /** In the whole text, from 1. */
  line: number;
  column: number;
  table: string;
}

/** Where in the draft a defect of a query is; offset is where the query begins in it. */
export function locate(text: string, query: string, offset: number, d: HuntDefect): Defect {
  const start = d.offset !== undefined ? placeOf(query, d.offset) : placeAt(query, d.line, d.column);
  let end = d.end !== undefined ? placeOf(query, d.end) : start;
  if (end <= start) end = start + Math.max(1, /^(?:\w+|[^\w\s]+)/.exec(query.slice(start))?.[0].length ?? 1);
  const from = Math.min(offset + start, text.length);
  const before = text.slice(0, from);
  return { from, to: Math.min(offset + end, text.length), message: d.message, line: before.split("\n").length, column: [...before.slice(before.lastIndexOf("\n") + 1)].length + 1, table: d.table ?? "" };
}

/** Asks the server, a moment after each change, whether the query at the cursor is right. What it cannot say now is not said. */
export function useCheck(text: string, cursor: number): { defect: Defect | undefined; checked: boolean } {
  const all = statements(text);
  const s = all[statementAt(all, cursor)];
  const query = s?.text ?? "", offset = s?.from ?? 0;
  const [answer, setAnswer] = useState<{ query: string; defect: HuntDefect | undefined }>();
  useEffect(() => {
    if (query.trim() === "") return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      hunt({ query, check: true }, stop.signal, () => undefined).then(
        () => setAnswer({ query, defect: undefined }),
        (e: unknown) => {
          const defect = defectOf(e);
          if (defect) setAnswer({ query, defect });
          else if (!(e instanceof Problem) && !stop.signal.aborted) console.warn(e);
        },
      );
    }, 350);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [query]);
  // An answer to another text is none.
  const fits = answer?.query === query && query.trim() !== "";
  return { checked: fits, defect: fits && answer.defect ? locate(text, query, offset, answer.defect) : undefined };
}
