import { useEffect, useState } from "react";
import { useExplorer, useTimeRange } from "../../address/useAddress";
import { prefix } from "../../api/client";
import { useClock } from "../../time/Clock";

/** Email events that came in since the list was read. Nothing moves until the reader asks for them. */
export function useLive(paused: boolean): { fresh: number; live: boolean; connected: boolean } {
  const [{ view, q }] = useExplorer();
  const { range } = useTimeRange();
  const { now } = useClock();
  const [fresh, setFresh] = useState(0);
  const [connected, setConnected] = useState(false);
  const live = "last" in range; // a range with a fixed end gets no new mail
  useEffect(() => setFresh(0), [view, q, now, live]);
  useEffect(() => {
    if (!live || paused) return;
    const source = new EventSource(`${prefix}/explorer/live?${new URLSearchParams({ view, q }).toString()}`);
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => setConnected(false)); // the browser connects again by itself
    source.addEventListener("new", (e) => {
      const d: unknown = JSON.parse((e as MessageEvent<string>).data);
      const n = typeof d === "object" && d !== null && "events" in d ? Number(d.events) : 0;
      if (n > 0) setFresh((f) => f + n);
    });
    return () => {
      source.close();
      setConnected(false);
    };
  }, [view, q, live, paused]);
  return { fresh, live, connected };
}
