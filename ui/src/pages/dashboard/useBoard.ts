import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { DashboardState } from "../../address/dashboard";
import { useCountedRange, useTimeRange } from "../../address/useAddress";
import { api, ask, prefix } from "../../api/client";
import { useClock } from "../../time/Clock";
import type { WidgetKey } from "./layout";
import type { Board } from "./shapes";

/** Asked first, together: the top of the page is there while the rest is counted. */
const first: readonly string[] = ["needs", "summary", "protection", "weekly"];
/** Asked elsewhere. */
const elsewhere: readonly string[] = ["trends"];

export interface BoardAnswer {
  /** What is known so far of all that was asked. */
  board: Board | undefined;
  /** It is of another range or of other people, until the answer is there. */
  stale: boolean;
  error: unknown;
  retry: () => void;
}

/** The figures of the widgets in sight. */
export function useBoard(state: DashboardState, widgets: readonly WidgetKey[]): BoardAnswer {
  const { query: time, range } = useCountedRange();
  const client = useQueryClient();
  const { department, group, domain } = state;
  const scope = JSON.stringify([range, department, group, domain]);
  const query = { ...time, ...(department && { department }), ...(group && { group }), ...(domain && { domain }) };
  // What was asked once stays asked: a widget that is hidden must not make the others wait for another question.
  const asked = useRef(new Set<WidgetKey>());
  for (const w of widgets) asked.current.add(w);
  const all = [...asked.current];
  const lists = [all.filter((w) => first.includes(w)), all.filter((w) => !first.includes(w) && !elsewhere.includes(w))].map((l) => [...l].sort()).filter((l) => l.length > 0);
  const { board, error, waiting } = useQueries({
    queries: lists.map((list) => ({
      queryKey: ["dashboard", "board", list, scope, query] as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask<Board>(api.GET("/dashboard", { params: { query: { ...query, widgets: list.join(",") as never } }, signal })),
      // The numbers before stay until the new ones are there: nothing jumps.
      placeholderData: (before: Board | undefined) => before,
    })),
    combine: (answers) => {
      const boards = answers.map((a) => a.data).filter((b) => b !== undefined);
      const board = boards.length === 0 ? undefined : boards.reduce((a, b) => ({ ...b, ...a, failed: [...a.failed, ...b.failed], took_ms: Math.max(a.took_ms, b.took_ms) }));
      return { board, error: answers.find((a) => a.error)?.error, waiting: answers.some((a) => a.isPlaceholderData || a.data === undefined) };
    },
  });
  // What was answered before stays for the widgets that wait.
  const answered = useRef({ scope, board });
  const known = board ? { ...answered.current.board, ...board } : answered.current.board;
  useEffect(() => {
    if (board && !waiting) answered.current = { scope, board: known };
  });
  const retry = useCallback(() => void client.refetchQueries({ queryKey: ["dashboard", "board"], type: "active" }), [client]);
  return { board: known, stale: waiting && answered.current.scope !== scope, error, retry };
}

/** Not oftener than this: somebody reads. */
const pace = 15_000;

/** Asks again, quietly, when something changed: while the page is in sight, and not while held. */
export function useFresh(held: boolean): void {
  const { refresh } = useClock();
  const { range } = useTimeRange();
  const client = useQueryClient();
  const relative = "last" in range;
  const again = useMemo(() => () => {
    if (relative) refresh();
    else void client.invalidateQueries({ queryKey: ["dashboard", "board"] });
  }, [relative, refresh, client]);
  const state = useRef({ held, again });
  useEffect(() => {
    state.current = { held, again };
  });
  useEffect(() => {
    let dirty = false;
    let last = performance.now();
    const look = () => {
      if (!dirty || document.hidden || state.current.held || performance.now() - last < pace) return;
      dirty = false;
      last = performance.now();
      state.current.again();
    };
    const source = new EventSource(`${prefix}/dashboard/live`);
    let lost = false;
    source.addEventListener("changed", () => {
      dirty = true;
      look();
    });
    source.addEventListener("error", () => (lost = true)); // the browser connects again by itself
    source.addEventListener("open", () => {
      dirty ||= lost; // what changed meanwhile was not told
      lost = false;
    });
    const tick = setInterval(look, 2000);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(tick);
      document.removeEventListener("visibilitychange", look);
      source.close();
    };
  }, []);
}
