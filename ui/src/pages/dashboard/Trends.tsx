import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useContext } from "react";
import { useTimeRange } from "../../address/useAddress";
import { api, ask, type Schemas } from "../../api/client";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { explorerWay, WayLink } from "./FigureLink";
import type { Board } from "./shapes";
import { Nothing, SlotContext, WidgetCard } from "./WidgetCard";

/** Articles about threats: those that are new or growing here first. They are read for the whole organisation. */
export function Trends({ board }: { board: Board | undefined }) {
  const slot = useContext(SlotContext)!;
  const { query } = useTimeRange();
  const { data, error, refetch } = useQuery({
    queryKey: ["dashboard", "trends", query],
    queryFn: ({ signal }) => ask<Schemas["ThreatTrends"]>(api.GET("/threats/trends", { params: { query: { ...query, limit: 5 } }, signal })),
    placeholderData: (before) => before,
  });
  return (
    <SlotContext.Provider value={{ ...slot, error, failure: undefined, retry: () => void refetch() }}>
      <WidgetCard ready={data !== undefined} height={250} link={<Link to="/intelligence/threats">Library</Link>}>
        {data?.trends.length === 0 && <Nothing title="No article yet" />}
        <ul className={styles.articles}>
          {data?.trends.slice(0, 5).map((t) => (
            <li key={t.id}>
              <Link to="/intelligence/threats/$id" params={{ id: t.id }}>{t.name}</Link>
              <span>
                {t.seen.events === 0 ? "Not seen here" : (
                  <>Seen {t.seen.filter && board ? <WayLink way={explorerWay({ view: "all", q: t.seen.filter, from: query.from, to: query.to })} className="num" label={`${number(t.seen.events)} email events: ${t.name}`}>{number(t.seen.events)}</WayLink> : <b className="num">{number(t.seen.events)}</b>} {t.seen.events === 1 ? "time" : "times"} here{t.why === "new" ? ", new" : t.why === "growing" ? `, ${number(t.seen.before)} before` : ""}</>
                )}
              </span>
            </li>
          ))}
        </ul>
      </WidgetCard>
    </SlotContext.Provider>
  );
}
