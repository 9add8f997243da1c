import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { happenings, timelineFilters, type TimelineFilter } from "../../components/happenings";
import { Segments } from "../../components/Segments";
import { Timeline } from "../../components/Timeline";
import { useZone } from "../../time/Clock";
import { day, year, zoneName } from "../../time/zone";
import styles from "./Email.module.css";
import { Part } from "./Part";

const names: Record<TimelineFilter, string> = { everything: "Everything", verdicts: "Verdicts", people: "People", actions: "Actions" };
const none: Record<TimelineFilter, string> = {
  everything: "Nothing is known to have happened to it.", verdicts: "It was not judged.", people: "No click on its links was seen, and nobody looked into it or downloaded it here.",
  actions: "Nothing was done with it.",
};

/** Everything that happened to a message, from first to last. */
export function TimelinePane({ timeline, show, onShow }: { timeline: UseQueryResult<Schemas["Timeline"]>; show: string; onShow: (show: string) => void }) {
  const zone = useZone();
  const filter = timelineFilters.find((f) => f === show) ?? "everything";
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Timeline</h2>
        {timeline.data?.events[0] && <Days events={timeline.data.events} zone={zone} />}
        <span className={styles.push} />
        <Segments label="Show" options={timelineFilters.map((f) => [f, names[f]] as const)} value={filter} onChange={(f) => onShow(f === "everything" ? "" : f)} />
      </div>
      <Part answer={timeline} label="Reading what happened">
        {(t) => {
          const events = happenings(t.events, filter);
          return events.length > 0 ? <Timeline events={events} /> : <EmptyState small title="Nothing here" why={none[filter]} />;
        }}
      </Part>
    </section>
  );
}

/** "18 Nov 2026, UTC" when everything was on one day; otherwise the days stand between the events. */
function Days({ events, zone }: { events: readonly Schemas["TimelineEvent"][]; zone: "utc" | "local" }) {
  const of = (s: string) => `${day(new Date(s), zone)} ${year(new Date(s), zone)}`;
  const first = events[0]!.time;
  const one = events.every((e) => of(e.time) === of(first));
  return <span className="num">{one ? `${of(first)}, ${zoneName(new Date(first), zone)}` : zoneName(new Date(first), zone)}</span>;
}
