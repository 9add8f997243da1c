import { useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, type RefObject } from "react";

interface Rows {
  count: number;
  scroller: RefObject<HTMLElement | null>;
  rowHeight: number;
  /** Rows that are kept ready above and below what is seen. */
  overscan: number;
  /** The head sticks above the rows: their offsets count from under it, and the scroller shows that much less of them. */
  headHeight: number;
  /** The row with the focus stays in the document, wherever the list is scrolled. */
  focused: number;
}

/** The rows of a grid that are in the document. */
export function useRows({ count, scroller, rowHeight, overscan, headHeight, focused }: Rows) {
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    scrollPaddingEnd: headHeight,
    rangeExtractor: useCallback((r: Range) => {
      const first = Math.max(0, r.startIndex - r.overscan), last = Math.min(r.count - 1, r.endIndex + r.overscan);
      const out = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
      if (r.count > 0 && (focused < first || focused > last)) out.push(focused);
      return out;
    }, [focused]),
  });
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  return virtual;
}
