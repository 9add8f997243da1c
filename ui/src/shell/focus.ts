import { useEffect, useLayoutEffect, type RefObject } from "react";

/**
 * The focus is never lost. Whatever had it may go away: a dialog that closes, a menu item that was chosen, a row that was removed, a button that
 * is disabled now. Browsers then leave the focus on the body, where keys do nothing and screen readers say nothing. This remembers where the
 * focus was before, for the whole app and without any word from the pages, and gives it back:
 *
 *  1. to what had it before, when the layer (dialog, menu, popover, flyout) around it closed: that is what opened the layer;
 *  2. else, in a list, to its current cell;
 *  3. else to the title of the page, or to the dialog that is open.
 *
 * Somebody who clicks beside everything, or leaves a field by Escape, took the focus away on purpose; then nothing is done.
 */
export function useKeptFocus(): void {
  useEffect(watch, []);
}

/** A place that had the focus. */
interface Stop {
  el: HTMLElement;
  /** What it is in: a layer over the page, or the page. */
  layer: Element;
  /** The list around it. */
  list: Element | null;
  /** The page it was on. */
  path: string;
}

/** Places of a few layers, the newest last; far more than anybody opens over each other. */
const kept = 50;
/** How long a disabled button is waited for, ms: most are disabled only while the server answers. */
const patience = 600;

let trail: Stop[] = [];

const layerOf = (el: Element): Element => el.closest("[data-layer], [role=dialog], [role=alertdialog], [role=menu], [data-portal-node]") ?? document.documentElement;
const nothing = () => document.activeElement === null || document.activeElement === document.body;
const disabled = (el: Element) => el.matches(":disabled");
const usable = (el: HTMLElement) => el.isConnected && !disabled(el) && el.checkVisibility({ visibilityProperty: true });

function note(stop: Stop): void {
  trail = trail.filter((s) => s.el !== stop.el && s.layer.isConnected).slice(-kept);
  trail.push(stop);
}

/** Where the focus goes when what had it is gone; undefined while nothing of the page is there yet. */
function next(): HTMLElement | undefined {
  const dialog = [...document.querySelectorAll<HTMLElement>("[role=dialog][aria-modal=true], [role=alertdialog][aria-modal=true]")].at(-1);
  for (const s of trail.toReversed()) {
    if (s.path !== location.pathname || s.el === document.body) break;
    if (!s.layer.isConnected) continue;
    // Behind an open dialog nothing is in reach.
    if (dialog && layerOf(dialog) !== s.layer) break;
    if (usable(s.el)) return s.el;
    const cell = s.list?.isConnected ? (s.list.querySelector<HTMLElement>("[data-cell][tabindex='0']") ?? s.list.querySelector<HTMLElement>("[data-cell]")) : undefined;
    if (cell) return cell;
    break;
  }
  const place = dialog ?? document.querySelector<HTMLElement>("main h1");
  if (!place?.checkVisibility()) return undefined;
  if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
  return place;
}

/** The focus was given up on purpose: what opens now is opened from nowhere. */
const nowhere = () => note({ el: document.body, layer: document.documentElement, list: null, path: location.pathname });

function watch(): () => void {
  let last: Stop | undefined;
  let released: Stop | undefined; // left for nothing a moment ago
  let waits = 0;
  const calm = () => {
    clearTimeout(waits);
    waits = 0;
  };
  const look = () => {
    if (!last || !nothing()) return;
    if (usable(last.el)) {
      if (waits) last.el.focus({ preventScroll: true }); // it was only busy
    } else if (!last.el.isConnected || !disabled(last.el)) next()?.focus({ preventScroll: true });
    else waits ||= window.setTimeout(() => nothing() && next()?.focus({ preventScroll: true }), patience);
  };
  const came = (e: FocusEvent) => {
    if (!(e.target instanceof HTMLElement) || e.target.hasAttribute("data-tabster-dummy")) return; // Fluent's own stops at the edges of a dialog
    // The next key may come before the moment is over.
    if (released && released.el !== e.target && !waits && usable(released.el)) nowhere();
    released = undefined;
    calm();
    last = { el: e.target, layer: layerOf(e.target), list: e.target.closest("[role=grid]"), path: location.pathname };
    note(last);
  };
  const left = (e: FocusEvent) => {
    if (e.relatedTarget !== null) return;
    if (document.hasFocus()) released = last;
    setTimeout(() => {
      if (!last || !nothing() || !usable(last.el)) return look();
      nowhere();
      last = released = undefined;
    });
  };
  // Whoever presses while nothing has the focus wants it so.
  const pressed = () => {
    calm();
    if (nothing()) last = undefined;
  };
  // A button that is disabled loses the focus a moment later, and no event says so.
  const changes = new MutationObserver((all) => {
    if (last && nothing()) look();
    else if (all.some((m) => m.target === last?.el)) setTimeout(look);
  });
  changes.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  document.addEventListener("focusin", came);
  document.addEventListener("focusout", left);
  document.addEventListener("pointerdown", pressed);
  return () => {
    calm();
    changes.disconnect();
    document.removeEventListener("focusin", came);
    document.removeEventListener("focusout", left);
    document.removeEventListener("pointerdown", pressed);
    trail = [];
  };
}

/**
 * For a panel that stands beside what opened it and lets people go on there: its place carries data-layer, and when it closes with the focus
 * inside, the focus goes to what had it when the panel opened, not to what had it last outside.
 */
export function useOpener(panel: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const opener = trail.at(-1), el = panel.current;
    return () => {
      if (opener && el?.contains(document.activeElement)) note(opener);
    };
  }, [panel]);
}
