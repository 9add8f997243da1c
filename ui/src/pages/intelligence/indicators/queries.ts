import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IndicatorsState } from "../../../address/indicators";
import { api, ask, type Schemas } from "../../../api/client";

// What the pages of indicators and retro-hunts ask.

export type Indicator = Schemas["IndicatorRow"];
export type Seen = Schemas["IndicatorSeen"];
export type Hunt = Schemas["RetroHunt"];

export type Filter = Pick<IndicatorsState, "kind" | "state" | "now" | "source" | "threat" | "tag" | "text" | "verdict">;

export function queryOf(f: Filter) {
  return { ...(f.kind && { kind: f.kind }), ...(f.state && { state: f.state }), ...(f.now && { now: f.now }), ...(f.source && { source: f.source }), ...(f.threat && { threat: f.threat }), ...(f.tag && { tag: f.tag }), ...(f.text && { text: f.text }), ...(f.verdict && { verdict: f.verdict }) };
}

export function useIndicators(f: Filter) {
  return useInfiniteQuery({
    queryKey: ["indicators", queryOf(f)],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["IndicatorPage"]>(api.GET("/indicators", { params: { query: { limit: pageParam ? 500 : 100, ...queryOf(f), ...(pageParam ? { before: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useSources() {
  return useQuery({ queryKey: ["indicators", "sources"], queryFn: ({ signal }) => ask<Schemas["IndicatorSources"]>(api.GET("/indicators/sources", { signal })) });
}

export function useIndicator(id: number) {
  return useQuery({ queryKey: ["indicators", "one", id], queryFn: ({ signal }) => ask<Schemas["IndicatorDetail"]>(api.GET("/indicators/{id}", { params: { path: { id } }, signal })) });
}

export function useSeen(id: number) {
  return useQuery({ queryKey: ["indicators", "seen", id], queryFn: ({ signal }) => ask<Seen>(api.GET("/indicators/{id}/seen", { params: { path: { id } }, signal })) });
}

export function useTry() {
  return useMutation({ mutationFn: (body: Schemas["NewIndicators"]) => ask<Schemas["IndicatorTries"]>(api.POST("/indicators/try", { body })) });
}

export function useAdd() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (body: Schemas["NewIndicators"]) => ask<Schemas["IndicatorsAdded"]>(api.POST("/indicators", { body })), onSuccess: () => client.invalidateQueries({ queryKey: ["indicators"] }) });
}

export function useChange() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (body: Schemas["IndicatorChange"]) => ask<Schemas["IndicatorPage"]>(api.PUT("/indicators", { body })), onSuccess: () => client.invalidateQueries({ queryKey: ["indicators"] }) });
}

export const over = (h: Pick<Hunt, "state">) => h.state === "done" || h.state === "failed" || h.state === "cancelled";

export function useHunts() {
  return useInfiniteQuery({
    queryKey: ["hunts"],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["RetroHunts"]>(api.GET("/retro-hunts", { params: { query: { limit: 50, ...(pageParam && { cursor: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval: (q) => (q.state.data?.pages.some((p) => p.hunts.some((h) => !over(h))) ? 1500 : false),
  });
}

export function useHunt(id: string) {
  return useQuery({ queryKey: ["hunts", "one", id], queryFn: ({ signal }) => ask<Hunt>(api.GET("/retro-hunts/{id}", { params: { path: { id } }, signal })), refetchInterval: (q) => (q.state.data && over(q.state.data) ? false : 1500) });
}

export function useSightings(id: string, step: string) {
  return useInfiniteQuery({
    queryKey: ["hunts", "sightings", id, step],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["Sightings"]>(api.GET("/retro-hunts/{id}/sightings", { params: { path: { id }, query: { limit: 100, after: pageParam } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useStartHunt() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (body: Schemas["NewRetroHunt"]) => ask<Hunt>(api.POST("/retro-hunts", { body })), onSuccess: () => client.invalidateQueries({ queryKey: ["hunts"] }) });
}

export function useCancelHunt() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (id: string) => ask(api.DELETE("/retro-hunts/{id}", { params: { path: { id } } })), onSuccess: () => client.invalidateQueries({ queryKey: ["hunts"] }) });
}
