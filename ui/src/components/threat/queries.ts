import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { ThreatsState } from "../../address/threats";

export type ThreatBrief = Schemas["ThreatBrief"];
export type ThreatLine = Schemas["ThreatLine"];
export type ThreatArticle = Schemas["ThreatArticle"];
export type ThreatSeen = Schemas["ThreatSeen"];

interface Times { from: string; to: string }

export function useThreats(s: Pick<ThreatsState, "find" | "kind" | "tag" | "seen">, times: Times, on: boolean) {
  return useQuery({
    queryKey: ["threats", "list", s.find, s.kind, s.tag, s.seen, times],
    enabled: on,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<Schemas["Threats"]>(api.GET("/threats", { params: { query: { search: s.find, kind: s.kind, tag: s.tag, seen: s.seen, ...times } }, signal })),
  });
}

export function useThreat(id: string) {
  return useQuery({ queryKey: ["threats", "one", id], enabled: id !== "", queryFn: ({ signal }) => ask<ThreatArticle>(api.GET("/threats/{id}", { params: { path: { id } }, signal })) });
}

/** Counted beside the article, which does not wait for it. */
export function useSeen(id: string, times: Times) {
  return useQuery({ queryKey: ["threats", "seen", id, times], enabled: id !== "", placeholderData: keepPreviousData, queryFn: ({ signal }) => ask<ThreatSeen>(api.GET("/threats/{id}/seen", { params: { path: { id }, query: times }, signal })) });
}

export function useAbout(name: string) {
  return useQuery({ queryKey: ["threats", "about", name], enabled: name !== "", staleTime: 60_000, queryFn: ({ signal }) => ask<Schemas["ThreatAbout"]>(api.GET("/threats/about", { params: { query: { name } }, signal })) });
}
