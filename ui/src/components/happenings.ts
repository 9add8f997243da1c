// What happened to a message, in order, and the parts of it that a reader may want alone.

import type { Schemas } from "../api/client";

export type Happening = Schemas["TimelineEvent"];

export const timelineFilters = ["everything", "verdicts", "people", "actions"] as const;
export type TimelineFilter = (typeof timelineFilters)[number];

const kinds: Record<TimelineFilter, readonly Happening["kind"][] | undefined> = {
  everything: undefined,
  verdicts: ["judged", "rejudged"],
  people: ["click", "content", "download", "reported"],
  actions: ["delivered", "rejudged", "post_delivery"],
};

export function happenings(events: readonly Happening[], filter: TimelineFilter): readonly Happening[] {
  const wanted = kinds[filter];
  return wanted ? events.filter((e) => wanted.includes(e.kind)) : events;
}

/** Events of one day under its name, in order. */
export function byDay<T>(events: readonly T[], dayOf: (e: T) => string): { day: string; events: T[] }[] {
  const out: { day: string; events: T[] }[] = [];
  for (const e of events) {
    const day = dayOf(e);
    const last = out.at(-1);
    if (last?.day === day) last.events.push(e);
    else out.push({ day, events: [e] });
  }
  return out;
}
