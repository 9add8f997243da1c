import { useEffect, type RefObject } from "react";

/** Puts the focus into the next part of the page: side, editor, rows, pinned rows. */
function panes(page: HTMLElement | null, back: boolean): void {
  const all = [...(page?.querySelectorAll<HTMLElement>("[data-pane]") ?? [])];
  if (all.length === 0) return;
  const at = all.findIndex((e) => e.contains(document.activeElement) || (e.dataset["pane"] === "side" && e.closest("aside")?.contains(document.activeElement) === true));
  const next = all[(at + (back ? -1 : 1) + all.length) % all.length] ?? all[0]!;
  (next.querySelector<HTMLElement>('[data-cell][tabindex="0"]') ?? next).focus();
}

/** F6 goes to the next part of the page and Shift F6 to the one before, from wherever the focus is, also from nowhere. */
export function usePanes(page: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const next = (e: KeyboardEvent) => {
      if (e.key !== "F6" || e.ctrlKey || e.altKey || document.querySelector("[role=dialog]")) return;
      e.preventDefault();
      panes(page.current, e.shiftKey);
    };
    window.addEventListener("keydown", next);
    return () => window.removeEventListener("keydown", next);
  }, [page]);
}
