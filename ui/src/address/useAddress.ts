import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { api, ask, type Coverage } from "../api/client";
import { useClock } from "../time/Clock";
import { rfc3339 } from "../time/zone";
import { readExplorer, writeExplorer, type ExplorerState } from "./explorer";
import { readRange, resolve, usualOn, writeRange, type Range } from "./range";
import type { Search } from "./search";

/** What the address says, as plain keys and values. */
export function useAddress(): Search {
  return useSearch({ strict: false }) as Search;
}

/** What mail there is and what is behind. */
export function useCoverage() {
  const { now } = useClock();
  return useQuery({
    queryKey: ["coverage", now.getTime()],
    queryFn: ({ signal }) => ask<Coverage>(api.GET("/coverage", { signal })),
    placeholderData: (before) => before,
  });
}

/** What the page at hand shows when its address says no range. */
function useUsualRange(): Range {
  return useRouterState({ select: (s) => usualOn(s.location.pathname) });
}

export interface TimeRange {
  range: Range;
  from: Date;
  to: Date;
  /** Parameters of every question that has a time range. */
  query: { from: string; to: string };
  setRange: (r: Range) => void;
}

/** The one time range of the app. */
export function useTimeRange(): TimeRange {
  const address = useAddress();
  const navigate = useNavigate();
  const usual = useUsualRange();
  const { now } = useClock();
  const { data: coverage } = useCoverage();
  const { last, from: f, to: t } = address;
  const oldest = coverage?.oldest;
  return useMemo(() => {
    const range = readRange({ last, from: f, to: t }, usual);
    const { from, to } = resolve(range, now, oldest ? new Date(oldest) : undefined);
    const setRange = (r: Range) => {
      void navigate({ to: ".", search: (old) => ({ ...old, last: undefined, from: undefined, to: undefined, open: undefined, ...writeRange(r, usual) }) });
    };
    return { range, from, to, query: { from: rfc3339(from), to: rfc3339(to) }, setRange };
  }, [last, f, t, usual, now, oldest, navigate]);
}

/** How far back a page looks that counts everything in its range. */
const longest = 90 * 86400_000;

/** The time range of a page that looks back 90 days at most: of a longer one its last 90, and then it is cut. */
export function useCountedRange(): TimeRange & { cut: boolean } {
  const r = useTimeRange();
  return useMemo(() => {
    const cut = r.to.getTime() - r.from.getTime() > longest;
    const from = cut ? new Date(r.to.getTime() - longest) : r.from;
    return { ...r, from, query: { ...r.query, from: rfc3339(from) }, cut };
  }, [r]);
}

/** Explorer's state in the address, and how to change some of it. Off the Explorer page a change starts from its defaults and opens it. */
export function useExplorer(): [ExplorerState, (change: Partial<ExplorerState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const usual = useUsualRange();
  const here = useRouterState({ select: (s) => s.location.pathname === "/explorer" });
  const state = useMemo(() => readExplorer(here ? address : writeRange(readRange(address, usual))), [address, here, usual]);
  const change = useCallback(
    (c: Partial<ExplorerState>, how?: { replace?: boolean }) => {
      const search = writeExplorer({ ...state, ...c });
      if (c.view !== undefined && c.tab === undefined) delete search["tab"]; // another view opens on its own first tab
      void navigate({ to: "/explorer", search, replace: how?.replace ?? false });
    },
    [state, navigate],
  );
  return [state, change];
}
