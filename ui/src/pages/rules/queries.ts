import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type RuleLine = Schemas["RuleLine"];
export type Rule = Schemas["Rule"];
export type RuleVersion = Schemas["RuleVersion"];
export type RuleTried = Schemas["RuleTried"];
export type RuleProblem = Schemas["RuleProblem"];
export type RuleSampleResult = Schemas["RuleSampleResult"];
export type JudgingRun = Schemas["JudgingRun"];
export type JudgingResult = Schemas["JudgingResult"];

const key = ["rules"] as const;

export function useRules() {
  return useQuery({ queryKey: [...key, "list"], queryFn: ({ signal }) => ask<Schemas["Rules"]>(api.GET("/rules", { signal })) });
}

/** Counted beside the list: it reads a month of mail, and the list does not wait for it. */
export function useHits() {
  return useQuery({ queryKey: ["rulehits"], staleTime: 5 * 60_000, queryFn: ({ signal }) => ask<Schemas["RuleHits"]>(api.GET("/rules/hits", { signal })) });
}

export function useLanguage() {
  return useQuery({ queryKey: ["rulelanguage"], staleTime: Infinity, queryFn: ({ signal }) => ask<Schemas["RuleLanguage"]>(api.GET("/rules/language", { signal })) });
}

export function useRule(id: string) {
  return useQuery({ queryKey: [...key, "one", id], enabled: id !== "", queryFn: ({ signal }) => ask<Rule>(api.GET("/rules/{id}", { params: { path: { id } }, signal })) });
}

export function useVersions(id: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...key, "versions", id],
    enabled,
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["RuleVersions"]>(api.GET("/rules/{id}/versions", { params: { path: { id }, query: { below: pageParam, limit: 20 } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
}

/** After a change everything about rules is asked again. */
function useChanged() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: key });
}

export interface Draft { id: string; text: string; enabled: boolean; version: number; reason: string }

export function usePut() {
  const changed = useChanged();
  return useMutation({ mutationFn: ({ id, ...body }: Draft) => ask<Rule>(api.PUT("/rules/{id}", { params: { path: { id } }, body })), onSuccess: changed });
}

export interface Switch { id: string; enabled: boolean; weight: number; version: number; reason: string }

export function useSwitch() {
  const changed = useChanged();
  return useMutation({ mutationFn: ({ id, ...body }: Switch) => ask<Rule>(api.PUT("/rules/{id}/state", { params: { path: { id } }, body })), onSuccess: changed });
}

export function useRemove() {
  const changed = useChanged();
  return useMutation({ mutationFn: ({ id, version, reason }: { id: string; version: number; reason: string }) => ask(api.DELETE("/rules/{id}", { params: { path: { id }, query: { version, reason } } })), onSuccess: changed });
}

export function tryRule(body: Schemas["RuleTry"], signal?: AbortSignal): Promise<RuleTried> {
  return ask<RuleTried>(api.POST("/rules/test", { body, ...(signal ? { signal } : {}) }));
}

export function useRun(id: string) {
  return useQuery({
    queryKey: ["whatif", id],
    enabled: id !== "",
    staleTime: 0,
    queryFn: ({ signal }) => ask<JudgingRun>(api.GET("/whatif/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (q) => (q.state.data && q.state.data.ended === null ? 700 : false),
  });
}

export function useResults(id: string, over: boolean) {
  return useInfiniteQuery({
    queryKey: ["whatif", id, "results", over],
    enabled: id !== "" && over,
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["JudgingResults"]>(api.GET("/whatif/{id}/results", { params: { path: { id }, query: { after: pageParam, limit: 100 } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
}

export function useStart() {
  return useMutation({
    mutationFn: ({ rule, days }: { rule: string; days: number }) => {
      const since = new Date(Date.now() - days * 86_400_000 + 60_000).toISOString();
      return ask<JudgingRun>(api.POST("/whatif", { body: { rule, since } as Schemas["WhatIfAsk"] }));
    },
  });
}

export function useCancel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(api.DELETE("/whatif/{id}", { params: { path: { id } } })),
    onSettled: (_, __, id) => client.invalidateQueries({ queryKey: ["whatif", id] }),
  });
}
