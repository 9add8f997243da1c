import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AlertsState } from "../../address/alerts";
import { api, ask, type Schemas } from "../../api/client";

// What the alerts page asks.

export type Alert = Schemas["Alert"];
export type Detail = Schemas["AlertDetail"];

/** The filter as the server takes it. Alerts that are open are shown whenever they were raised. */
export function parameters(s: AlertsState, time: { from: string; to: string }) {
  const status = s.stage === "open" ? (["New", "In progress"] as const) : s.stage === "all" ? undefined : ([s.stage] as const);
  const closed = s.stage === "Resolved" || s.stage === "all";
  const all = "last" in s.range && s.range.last === "all";
  // The app's now stands still while somebody works; what was raised since is newer than it.
  const span = "last" in s.range ? { from: time.from } : time;
  return {
    ...(status ? { status: [...status] } : {}), ...(s.severity ? { severity: [s.severity] } : {}), ...(s.owner ? { owner: s.owner } : {}), ...(s.text ? { text: s.text } : {}),
    ...(closed && !all ? span : {}),
  };
}

export function useAlerts(s: AlertsState, time: { from: string; to: string }) {
  const query = parameters(s, time);
  return useInfiniteQuery({
    queryKey: ["alerts", query],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["AlertPage"]>(api.GET("/alerts", { params: { query: { ...query, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

export function useAlert(id: string) {
  return useQuery({ queryKey: ["alert", id], queryFn: ({ signal }) => ask<Detail>(api.GET("/alerts/{id}", { params: { path: { id } }, signal })) });
}

function useDo<I>(id: string, call: (input: I) => Promise<Detail>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: (now) => client.setQueryData(["alert", id], now),
    onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }),
  });
}

export const useChange = (id: string) => useDo(id, (body: Schemas["AlertChange"]) => ask<Detail>(api.PUT("/alerts/{id}", { params: { path: { id } }, body })));
export const useOpenIncident = (id: string) => useDo(id, (revision: number) => ask<Detail>(api.POST("/alerts/{id}/incident", { params: { path: { id } }, body: { revision } })));
