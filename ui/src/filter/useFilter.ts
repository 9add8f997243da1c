import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { everything } from "../address/explorer";
import { useExplorer } from "../address/useAddress";
import { api, ask, type Chip, type Field, type Filter, type Schemas, type Split } from "../api/client";
import { exclude, include } from "./chips";

/** Columns that can be filtered, and how the chart can be split. */
export function useFields() {
  const { data } = useQuery({
    queryKey: ["fields"],
    staleTime: Infinity,
    queryFn: ({ signal }) => ask<Schemas["FieldList"]>(api.GET("/explorer/fields", { signal })),
  });
  return useMemo(() => {
    const fields: readonly Field[] = data?.fields ?? [];
    const splits: readonly Split[] = data?.splits ?? [];
    const byName = new Map(fields.map((f) => [f.name, f]));
    return { fields, splits, byName, label: (name: string) => byName.get(name)?.label ?? splits.find((s) => s.key === name)?.label ?? name };
  }, [data]);
}

export function filterKey(kql: string) {
  return ["filter", kql] as const;
}

/** Asks the server what a text means as chips. */
export function readKql(kql: string, signal?: AbortSignal): Promise<Filter> {
  return ask<Filter>(api.POST("/explorer/filter", { body: { kql }, signal: signal ?? null }));
}

/** Explorer's filter in both forms, and the ways to change it. The KQL in the address is the truth; chips are what the server reads in it. */
export function useFilter() {
  const [state, change] = useExplorer();
  const client = useQueryClient();
  const { byName } = useFields();
  const q = state.q;
  const field = (name: string): Field => {
    const f = byName.get(name);
    if (!f) throw new Error(`${name} cannot be filtered by`);
    return f;
  };
  const parsed = useQuery({
    queryKey: filterKey(q),
    staleTime: Infinity,
    queryFn: ({ signal }) => (q === everything ? { kql: q, chips: [] } : readKql(q, signal)),
    placeholderData: (before) => before,
  });

  const setChips = useCallback(
    async (chips: readonly Chip[], more: Parameters<typeof change>[0] = {}) => {
      const f = chips.length === 0
        ? { kql: everything, chips: [] }
        : await ask<Filter>(api.POST("/explorer/filter", { body: { chips: chips.map(({ field, op, values }) => ({ field, op, values })) } }));
      if (f.error) return f.error;
      client.setQueryData(filterKey(f.kql), f);
      change({ q: f.kql, open: undefined, ...more });
      return undefined;
    },
    [client, change],
  );
  const setKql = useCallback((kql: string) => change({ q: kql.trim() === "" ? everything : kql, open: undefined }), [change]);

  /** Chips of the filter in force; waits for the server when it has not said yet. */
  const current = useCallback(async () => (await client.ensureQueryData<Filter>({ queryKey: filterKey(q), queryFn: ({ signal }) => readKql(q, signal) })).chips, [client, q]);

  return {
    q,
    chips: parsed.data?.chips ?? [],
    defect: parsed.data?.error,
    problem: parsed.error,
    setChips,
    setKql,
    include: async (name: string, value: string) => setChips(include(await current(), field(name), value)),
    exclude: async (name: string, value: string) => setChips(exclude(await current(), field(name), value)),
    alone: (name: string, value: string) => setChips(include([], field(name), value), { view: "all" }),
    anywhere: async (value: string) => setKql((await ask<Schemas["SearchHit"]>(api.GET("/search", { params: { query: { q: value } } }))).q),
  };
}
