import { useEffect, useState, type RefObject } from "react";

/** How wide an element is. */
export function useRoom(of: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(() => window.innerWidth - 56);
  useEffect(() => {
    const el = of.current;
    if (!el) return;
    const watch = new ResizeObserver(() => setWidth(el.clientWidth));
    watch.observe(el);
    return () => watch.disconnect();
  }, [of]);
  return width;
}
