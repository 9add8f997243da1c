import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

/** How the engines stand, looked at again while somebody watches. */
export function useEngines() {
  return useQuery({ queryKey: ["engines"], queryFn: ({ signal }) => ask<Schemas["Engines"]>(api.GET("/engines", { signal })), refetchInterval: 15_000 });
}

// ---- the local model

/** Trains now. What happened is told, a line a threat. */
export function useTrain() {
  const client = useQueryClient();
  return useMutation({ mutationFn: () => ask<Schemas["LearnedWords"]>(api.POST("/learning/train")), onSettled: () => client.invalidateQueries({ queryKey: ["learning"] }) });
}

export function useActivate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { threat: "Phish" | "Spam"; reason: string }) => ask<Schemas["LearnedWords"]>(api.POST("/learning/activate", { body })),
    onSettled: () => client.invalidateQueries({ queryKey: ["learning"] }),
  });
}

export function useResetLearning() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { everything: boolean; reason: string }) => ask(api.POST("/learning/reset", { body })),
    onSettled: () => client.invalidateQueries({ queryKey: ["learning"] }),
  });
}

// ---- the people of the organisation

export type Person = Schemas["DirectoryPerson"];

export function usePeople(search: string, priority: boolean) {
  return useInfiniteQuery({
    queryKey: ["people", "list", search, priority],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["DirectoryPage"]>(api.GET("/directory/people", { params: { query: { limit: 200, ...(search && { search }), ...(priority && { priority }), ...(pageParam && { cursor: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function usePerson(address: string) {
  return useQuery({ queryKey: ["people", "one", address], queryFn: ({ signal }) => ask<Person>(api.GET("/directory/people/{address}", { params: { path: { address } }, signal })) });
}

export function useMarkPriority() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ address, priority }: { address: string; priority: boolean }) => ask<Person>(api.PUT("/directory/people/{address}", { params: { path: { address } }, body: { priority } })),
    onSuccess: (p) => {
      client.setQueryData(["people", "one", p.address], p);
      return client.invalidateQueries({ queryKey: ["people"] });
    },
  });
}

export function useSources() {
  return useQuery({ queryKey: ["people", "sources"], queryFn: ({ signal }) => ask<Schemas["DirectorySource"][]>(api.GET("/directory/sources", { signal })), refetchInterval: 30_000 });
}

export function useSync() {
  const client = useQueryClient();
  return useMutation({ mutationFn: () => ask<Schemas["DirectorySource"][]>(api.POST("/directory/sync")), onSettled: () => client.invalidateQueries({ queryKey: ["people"] }) });
}
