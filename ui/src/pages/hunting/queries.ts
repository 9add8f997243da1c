import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { HuntLibraryQuery, HuntSaved, HuntSchema } from "./shapes";

export function useSchema() {
  return useQuery({ queryKey: ["hunt", "schema"], staleTime: Infinity, queryFn: ({ signal }) => ask<HuntSchema>(api.GET("/hunt/schema", { signal })) });
}

/** Values that are there, most common first. */
export function samples(client: ReturnType<typeof useQueryClient>, table: string, column: string): Promise<readonly string[]> {
  return client.ensureQueryData({
    queryKey: ["hunt", "samples", table, column],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => (await ask<Schemas["HuntSamples"]>(api.GET("/hunt/samples", { params: { query: { table, column } }, signal }))).values,
  });
}

export function useSamples(table: string, column: string, enabled: boolean) {
  const client = useQueryClient();
  return useQuery({ queryKey: ["hunt", "sampled", table, column], enabled, staleTime: 5 * 60_000, queryFn: () => samples(client, table, column) });
}

export function useLibrary(enabled: boolean) {
  return useQuery({ queryKey: ["hunt", "library"], enabled, staleTime: Infinity, queryFn: ({ signal }) => ask<HuntLibraryQuery[]>(api.GET("/hunt/library", { signal })) });
}

const savedKey = ["hunt", "queries"] as const;

export function useSaved(enabled = true) {
  return useQuery({ queryKey: savedKey, enabled, queryFn: ({ signal }) => ask<HuntSaved[]>(api.GET("/hunt/queries", { signal })) });
}

export interface Save { name: string; description: string; folder: string; query: string; shared: boolean }

/** Keeps a query: a new one, or a new revision of one's own. */
export function useSave() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, ...body }: Save & { of?: HuntSaved | undefined }) =>
      of ? ask<HuntSaved>(api.PUT("/hunt/queries/{id}", { params: { path: { id: of.id } }, body: { ...body, revision: of.revision } })) : ask<HuntSaved>(api.POST("/hunt/queries", { body })),
    onSettled: () => client.invalidateQueries({ queryKey: savedKey }),
  });
}

export function useRemove() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (q: HuntSaved) => ask(api.DELETE("/hunt/queries/{id}", { params: { path: { id: q.id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: savedKey }),
  });
}

const historyKey = ["hunt", "history"] as const;

export function useHistory(enabled: boolean) {
  return useQuery({ queryKey: historyKey, enabled, staleTime: 0, queryFn: ({ signal }) => ask<Schemas["HuntHistory"]>(api.GET("/hunt/history", { params: { query: { limit: 100 } }, signal })) });
}

export function useForget() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.DELETE("/hunt/history")),
    onSettled: () => client.invalidateQueries({ queryKey: historyKey }),
  });
}

export { historyKey };
