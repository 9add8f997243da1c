import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { readLayout, usualLayout, writeLayout, type Layout } from "./layout";

export type Kept = Schemas["DashboardLayout"];
export type People = Kept["filter"];

const key = ["dashboard", "layout"] as const;

/** How the operator arranged the page, and whom it is about when the address does not say. Undefined while it is read. */
export function useLayout() {
  const client = useQueryClient();
  const { data, error } = useQuery({ queryKey: key, staleTime: Infinity, queryFn: ({ signal }) => ask<Kept>(api.GET("/dashboard/layout", { signal })) });
  const put = useMutation({
    scope: { id: "dashboard-layout" }, // one after the other, so that the last change is the one that stays
    mutationFn: (body: Kept) => ask(api.PUT("/dashboard/layout", { body })),
    onError: () => client.invalidateQueries({ queryKey: key }),
  });
  const layout = useMemo(() => (data ? readLayout(data.widgets) : error ? usualLayout : undefined), [data, error]);
  const keep = (change: { layout?: Layout; filter?: People }) => {
    const before = client.getQueryData<Kept>(key);
    const next: Kept = { widgets: change.layout ? (writeLayout(change.layout) as Kept["widgets"]) : (before?.widgets ?? []), filter: change.filter ?? before?.filter ?? {} };
    client.setQueryData(key, next);
    put.mutate(next);
  };
  return { layout, filter: data?.filter, keep, problem: put.error };
}
