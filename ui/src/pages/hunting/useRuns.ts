import { useQueryClient } from "@tanstack/react-query";
import { useCallback, type RefObject } from "react";
import { resolve } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { useClock } from "../../time/Clock";
import { rfc3339 } from "../../time/zone";
import type { EditorHandle } from "./editor/Editor";
import { historyKey } from "./queries";
import type { Here } from "./ResultGrid";
import { pieceOf, type Draft, type HuntSession } from "./session";
import type { HuntColumn } from "./shapes";
import { addOperator, condition, named } from "./statements";

interface Runs {
  /** Runs the query of a draft that is at a place, over the range of the page. */
  start: (d: Draft, where: { from: number; to: number }) => void;
  /** What the value menu does with a value of the rows: it writes the query on and runs it. Nothing, once the query is another. */
  here: (column: HuntColumn, value: unknown) => Here;
}

export function useRuns(session: HuntSession, editor: RefObject<EditorHandle | null>): Runs {
  const { range } = useTimeRange();
  const { refresh } = useClock();
  const client = useQueryClient();
  const start = useCallback((d: Draft, where: { from: number; to: number }) => {
    const p = pieceOf(d.text, where);
    if (!p) return;
    // "The last 7 days" end when the query starts, not when the page was opened.
    const at = refresh();
    const whole = "last" in range && range.last === "all";
    const times = resolve(range, at);
    void session.run(d, p, { from: whole ? undefined : rfc3339(times.from), to: whole ? undefined : rfc3339(times.to), at }).then(() => client.invalidateQueries({ queryKey: historyKey }));
  }, [refresh, range, session, client]);

  const here = useCallback((column: HuntColumn, value: unknown): Here => {
    const r = session.get().runs[session.draft.id];
    if (!r || r.text !== session.draft.text) return {};
    const write = (operator: string) => {
      editor.current?.replace(r.offset, r.offset + r.query.length, addOperator(r.query, operator));
      const at = Math.min(r.offset, session.draft.text.length);
      start(session.draft, { from: at, to: at });
    };
    const yes = condition(column.name, column.type, value, true), no = condition(column.name, column.type, value, false);
    return {
      include: yes === undefined ? undefined : () => write(`where ${yes}`),
      exclude: no === undefined ? undefined : () => write(`where ${no}`),
      group: column.type === "dynamic" ? undefined : () => write(`summarize Rows = count() by ${named(column.name)}\n| order by Rows desc`),
    };
  }, [session, editor, start]);
  return { start, here };
}
