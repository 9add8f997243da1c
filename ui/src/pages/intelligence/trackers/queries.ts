import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Period } from "../../../address/trackers";
import { api, ask, type Schemas } from "../../../api/client";

// What the trackers page asks.

export type Entry = Schemas["NoteworthyEntry"];
export type Figure = Schemas["TrackerFigure"];
export type Trending = Schemas["Trending"];
export type Trend = Schemas["Trend"];
export type Tracked = Schemas["Tracked"];
export type TrackedAsk = Omit<Schemas["TrackedNew"], "query_id">;
export type Run = Schemas["TrackedRun"];

export function useNoteworthy(enabled: boolean) {
  return useQuery({ queryKey: ["trackers", "noteworthy"], enabled, queryFn: ({ signal }) => ask<Schemas["Noteworthy"]>(api.GET("/trackers/noteworthy", { signal })), staleTime: 120_000 });
}

export function useTrending(period: Period, enabled: boolean) {
  return useQuery({ queryKey: ["trackers", "trending", period], enabled, queryFn: ({ signal }) => ask<Trending>(api.GET("/trackers/trending", { params: { query: { period } }, signal })), staleTime: 120_000, placeholderData: keepPreviousData });
}

const trackedKey = ["trackers", "tracked"] as const;

export function useTracked(enabled: boolean) {
  return useQuery({ queryKey: trackedKey, enabled, queryFn: ({ signal }) => ask<Tracked[]>(api.GET("/trackers/tracked", { signal })), refetchInterval: 30_000 });
}

export function useTrackedRuns(id: string) {
  return useQuery({ queryKey: ["trackers", "runs", id], queryFn: ({ signal }) => ask<Schemas["TrackedHistory"]>(api.GET("/trackers/tracked/{id}/history", { params: { path: { id }, query: { limit: 500 } }, signal })), refetchInterval: 60_000 });
}

/** What is done to trackers; the lists are read anew after each. */
function useDo<I, O>(call: (input: I) => Promise<O>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => Promise.all([client.invalidateQueries({ queryKey: trackedKey }), client.invalidateQueries({ queryKey: ["trackers", "runs"] }), client.invalidateQueries({ queryKey: ["alerts"] })]) });
}

export const useTrack = () => useDo(({ query_id, ...body }: TrackedAsk & { query_id: string }) => ask<Tracked>(api.POST("/trackers/tracked", { body: { ...body, query_id } })));
export const useChangeTracked = () => useDo(({ id, ...body }: Schemas["TrackedChange"] & { id: string }) => ask<Tracked>(api.PUT("/trackers/tracked/{id}", { params: { path: { id } }, body })));
export const useRemoveTracked = () => useDo((id: string) => ask(api.DELETE("/trackers/tracked/{id}", { params: { path: { id } } })));
export const useRunTracked = () => useDo((id: string) => ask<Tracked>(api.POST("/trackers/tracked/{id}/run", { params: { path: { id } } })));
