import type { KeyboardEvent } from "react";

/** Left and right between tabs. */
export function arrows(e: KeyboardEvent<HTMLButtonElement>): void {
  const tabs = [...(e.currentTarget.parentElement?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
  const i = tabs.indexOf(e.currentTarget) + (e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0);
  const to = tabs[(i + tabs.length) % tabs.length];
  if (to && to !== e.currentTarget) {
    to.focus();
    to.click();
  }
}
