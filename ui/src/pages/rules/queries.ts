import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type RuleLine = Schemas["RuleLine"];
export type Rule = Schemas["Rule"];
export type RuleVersion = Schemas["RuleVersion"];
export type RuleTried = Schemas["RuleTried"];
export type RuleProblem = Schemas["RuleProblem"];
export type RuleSampleResult = Schemas["RuleSampleResult"];

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
