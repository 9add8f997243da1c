import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useRows } from "./useRows";

export const headHeight = 36;
const overscan = 10;

/** The scrolling part of a list, and how wide it is. */
export function useWidth(first: number): [RefObject<HTMLDivElement | null>, number] {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const el = scroller.current;
    if (!el) return;
    const watch = new ResizeObserver(() => setWidth(el.clientWidth));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  return [scroller, width];
}

/** Gives the focus to the cell that a key asked for, "row:column" in wanted, once the cursor is there and the cell in the document. */
export function useCellFocus(scroller: RefObject<HTMLDivElement | null>, row: number, col: number) {
  const wanted = useRef("");
  const cellAt = (r: number, c: number) => scroller.current?.querySelector<HTMLElement>(`[data-cell="${r}:${c}"]`);
  // In the same commit as the cell. An effect after it may belong to an earlier drawing, of a list that still scrolled when the key came.
  useLayoutEffect(() => {
    const cell = wanted.current === `${row}:${col}` && cellAt(row, col);
    if (!cell) return;
    wanted.current = "";
    cell.focus({ preventScroll: true });
  });
  return { cellAt, wanted };
}

interface Options {
  scroller: RefObject<HTMLDivElement | null>;
  /** Rows that are loaded. */
  count: number;
  /** Columns that can have the focus. */
  columns: number;
  /** The one that has it first. */
  column: number;
  rowHeight: number;
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

/** What lists have in common: the rows that are in the document, the cell that has the focus, the keys that move it, and asking for more. */
export function useCursor({ scroller, count, columns, column, rowHeight, more, loading, onMore }: Options) {
  const [cursor, setCursor] = useState({ row: 0, col: column });
  const at = Math.min(cursor.row, Math.max(0, count - 1));
  const col = Math.min(cursor.col, columns - 1);
  const virtual = useRows({ count, scroller, rowHeight, overscan, headHeight, focused: at });
  const items = virtual.getVirtualItems();
  const lastItem = items.reduce((n, v) => Math.max(n, v.index), 0);
  useEffect(() => {
    if (more && !loading && lastItem >= count - 40) onMore();
  }, [more, loading, lastItem, count, onMore]);

  const { cellAt, wanted } = useCellFocus(scroller, at, col);
  const go = (row: number, c = col) => {
    const to = { row: Math.max(0, Math.min(count - 1, row)), col: Math.max(0, Math.min(columns - 1, c)) };
    wanted.current = `${to.row}:${to.col}`;
    virtual.scrollToIndex(to.row, { align: "auto" });
    setCursor(to);
  };
  /** Keys of a list: those that move, and its own. */
  const keys = (own: Record<string, (e: KeyboardEvent) => void>) => (e: KeyboardEvent<HTMLDivElement>) => {
    if (!(e.target as HTMLElement).matches("[data-cell]")) return;
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 400) - headHeight) / rowHeight) - 1);
    const moves: Record<string, (e: KeyboardEvent) => void> = {
      ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1), ArrowRight: () => go(at, col + 1), ArrowLeft: () => go(at, col - 1), PageDown: () => go(at + page), PageUp: () => go(at - page),
      Home: () => go(e.ctrlKey ? 0 : at, 0), End: () => go(e.ctrlKey ? count - 1 : at, columns - 1), ...own,
    };
    const move = moves[e.key];
    if (!move) return;
    e.preventDefault();
    move(e);
  };
  const top = scroller.current?.scrollTop ?? 0;
  const height = (scroller.current?.clientHeight ?? 0) - headHeight;
  return {
    at, col, items, height: virtual.getTotalSize(), cellAt, go, keys,
    /** Puts the cursor where somebody clicked. */
    point: (row: number, c: number) => {
      wanted.current = "";
      setCursor({ row, col: c });
    },
    /** To the next row; from outside the list, to the one that had the focus last. */
    down: () => go(document.activeElement?.closest("[data-cell]") ? at + 1 : at),
    up: () => go(at - 1),
    /** Numbers of the rows in sight, from 1. */
    first: count === 0 ? 0 : Math.floor(top / rowHeight) + 1,
    last: Math.min(count, Math.ceil((top + height) / rowHeight)),
  };
}
