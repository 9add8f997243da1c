// Which widgets there are, where they stand, and how rows are filled. Pure, so that it can be tested.

/** The widgets that can be moved and hidden, in the order of a new page, with what they are called and how many of twelve columns they like. */
export const widgets = {
  needs: { title: "Needs a person now", span: 12 },
  summary: { title: "Threats of the period", span: 12 },
  protection: { title: "Threat protection status", span: 8 },
  weekly: { title: "Weekly detections", span: 4 },
  insights: { title: "Insights", span: 8 },
  targeted: { title: "Top targeted users", span: 4 },
  attention: { title: "Recent detections", span: 8 },
  malware: { title: "Malware families", span: 4 },
  origin: { title: "Where threats come from", span: 5 },
  campaigns: { title: "Campaigns", span: 4 },
  trends: { title: "Security trends", span: 3 },
  flow: { title: "Sent and received mail", span: 5 },
  reported: { title: "User-reported messages", span: 4 },
  work: { title: "Actions and incidents", span: 3 },
} as const;

export type WidgetKey = keyof typeof widgets;
export const usualOrder = Object.keys(widgets) as WidgetKey[];

/** What an operator made of the page. */
export interface Layout {
  order: readonly WidgetKey[];
  hidden: readonly WidgetKey[];
  /** Those that take the whole width. */
  wide: readonly WidgetKey[];
}

export const usualLayout: Layout = { order: usualOrder, hidden: [], wide: [] };

/** The same as it is kept. */
interface Place { key: string; hidden: boolean; wide: boolean }

export const writeLayout = (l: Layout): Place[] => l.order.map((key) => ({ key, hidden: l.hidden.includes(key), wide: l.wide.includes(key) }));

const known = (k: string): k is WidgetKey => Object.hasOwn(widgets, k);

/** What was kept, made good: every widget once, those that are newer than what was kept behind the one they usually follow. */
export function readLayout(kept: readonly Place[]): Layout {
  const places = kept.filter((p, i) => known(p.key) && kept.findIndex((q) => q.key === p.key) === i) as (Place & { key: WidgetKey })[];
  const order = places.map((p) => p.key);
  usualOrder.forEach((k, i) => {
    if (!order.includes(k)) order.splice(i === 0 ? 0 : order.indexOf(usualOrder[i - 1]!) + 1, 0, k);
  });
  return { order, hidden: places.filter((p) => p.hidden).map((p) => p.key), wide: places.filter((p) => p.wide).map((p) => p.key) };
}

const set = (s: readonly string[]) => [...s].sort().join();
export const same = (a: Layout, b: Layout) => a.order.join() === b.order.join() && set(a.hidden) === set(b.hidden) && set(a.wide) === set(b.wide);

export const shown = (l: Layout) => l.order.filter((k) => !l.hidden.includes(k));

/** Moves a widget among those that are shown, by so many places; it stops at the ends. */
export function move(l: Layout, key: WidgetKey, by: number): Layout {
  const list = shown(l);
  const at = list.indexOf(key);
  const to = Math.min(list.length - 1, Math.max(0, at + by));
  return at < 0 || to === at ? l : put(l, key, list[to]!, to > at);
}

/** Puts a widget before another, or behind it. */
export function put(l: Layout, key: WidgetKey, beside: WidgetKey, behind: boolean): Layout {
  if (key === beside) return l;
  const order = l.order.filter((k) => k !== key);
  order.splice(order.indexOf(beside) + (behind ? 1 : 0), 0, key);
  return { ...l, order };
}

export const hide = (l: Layout, key: WidgetKey): Layout => ({ ...l, hidden: [...l.hidden.filter((k) => k !== key), key] });
export const widen = (l: Layout, key: WidgetKey, wide: boolean): Layout => ({ ...l, wide: [...l.wide.filter((k) => k !== key), ...(wide ? [key] : [])] });
export const show = (l: Layout, key: WidgetKey): Layout => ({ ...l, hidden: l.hidden.filter((k) => k !== key) });

/** Columns of each widget, in order: rows are filled from the left, and what is left of a row is shared by what stands in it. */
export function spans(keys: readonly WidgetKey[], wide: readonly WidgetKey[] = []): { key: WidgetKey; span: number }[] {
  const out: { key: WidgetKey; span: number }[] = [];
  let row: { key: WidgetKey; span: number }[] = [];
  const end = () => {
    let rest = 12 - row.reduce((n, w) => n + w.span, 0);
    // One column at a time to the narrowest, so that a row of equals stays one.
    while (row.length > 0 && rest-- > 0) row.reduce((a, b) => (b.span < a.span ? b : a)).span++;
    out.push(...row);
    row = [];
  };
  for (const key of keys) {
    const span = wide.includes(key) ? 12 : widgets[key].span;
    if (row.reduce((n, w) => n + w.span, 0) + span > 12) end();
    row.push({ key, span });
  }
  end();
  return out;
}
