import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { View } from "../../address/explorer";
import { useExplorer, useTimeRange } from "../../address/useAddress";
import { api, ask, type Chart, type Facet, type Schemas } from "../../api/client";

type EmailPage = Schemas["EmailPage"];
type URLPage = Schemas["URLPage"];

// What Explorer asks. A question that is no longer asked is cancelled: each hands its signal to fetch. While a new answer is on
// its way the one before stays on screen, so that nothing jumps.

export interface Scope { view: View; q: string; from: string; to: string }

/** The part of the address that every question shares. */
export function useScope(): Scope {
  const [{ view, q }] = useExplorer();
  const { query } = useTimeRange();
  return { view, q, ...query };
}

export function useChart(split: string) {
  const scope = useScope();
  return useQuery({
    queryKey: ["chart", scope, split],
    queryFn: ({ signal }) => ask<Chart>(api.GET("/explorer/chart", { params: { query: { ...scope, split } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useFacet(field: string, order: "top" | "rare", limit: number, enabled = true) {
  const scope = useScope();
  return useQuery({
    queryKey: ["facet", scope, field, order, limit],
    enabled,
    queryFn: ({ signal }) => ask<Facet>(api.GET("/explorer/facet", { params: { query: { ...scope, field, order, limit } }, signal })),
    // Values of another field would be wrong under this one's name.
    placeholderData: (before, query) => (query?.queryKey[2] === field ? before : undefined),
  });
}

export function useURLs(enabled: boolean) {
  const scope = useScope();
  return useQuery({
    queryKey: ["urls", scope],
    enabled,
    queryFn: ({ signal }) => ask<URLPage>(api.GET("/explorer/urls", { params: { query: { ...scope, limit: 200 } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useEmails(sort: string, desc: boolean, enabled: boolean) {
  return useEmailsOf(useScope(), sort, desc, enabled);
}

/** The list of any scope; a page that was opened from a list asks for the same and finds it read already. */
export function useEmailsOf(scope: Scope, sort: string, desc: boolean, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["emails", scope, sort, desc],
    enabled,
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      // Few rows first, so that they are there at once; whoever scrolls on wants many.
      ask<EmailPage>(api.GET("/explorer/emails", { params: { query: { ...scope, sort, desc, ...(pageParam ? { limit: 1000, cursor: pageParam } : { limit: 200 }) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    structuralSharing: false, // comparing a hundred thousand rows at each page would stop the list
    gcTime: 60_000,
  });
}
