import { useEffect, useState } from "react";
import { useExplorer, useTimeRange } from "../../address/useAddress";
import { api, ask, prefix, type Schemas } from "../../api/client";
import { useClock } from "../../time/Clock";

/** Email events of this filter that came in since the list was read. Nothing moves until the reader asks for them. */
export function useLive(paused: boolean): { fresh: number; live: boolean; connected: boolean } {
  const [{ view, q }] = useExplorer();
  const { range, query } = useTimeRange();
  const { asOf } = useClock();
  const [fresh, setFresh] = useState(0);
  const [connected, setConnected] = useState(false);
  const live = "last" in range; // a range with a fixed end gets no new mail
  const from = query.from;
  useEffect(() => {
    setFresh(0);
    if (!live || paused) return;
    const stop = new AbortController();
    const source = new EventSource(`${prefix}/explorer/live`);
    // The stream says that mail arrived; how much of it this filter means, the store says.
    const since = `${q}\n| where LastEventExecutionTime >= datetime(${asOf.toISOString()})`;
    let asked = 0;
    const count = () => {
      const n = ++asked;
      ask<Schemas["Count"]>(api.GET("/explorer/count", { params: { query: { view, q: since, from } }, signal: stop.signal }))
        .then((c) => n === asked && setFresh(c.events), () => {}); // the next arrival asks again
    };
    let lost = false;
    source.addEventListener("open", () => {
      setConnected(true);
      if (lost) count(); // mail that arrived meanwhile was not announced
      lost = false;
    });
    source.addEventListener("error", () => {
      setConnected(false); // the browser connects again by itself
      lost = true;
    });
    source.addEventListener("new", count);
    return () => {
      stop.abort();
      source.close();
      setConnected(false);
    };
  }, [view, q, from, asOf, live, paused]);
  return { fresh, live, connected };
}
