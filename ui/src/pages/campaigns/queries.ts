import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { CampaignsState } from "../../address/campaigns";
import type { View } from "../../address/explorer";
import { api, ask, type Chart, type Schemas } from "../../api/client";

// What the pages of campaigns ask.

export type Line = Schemas["CampaignLine"];
export type Campaign = Schemas["CampaignDetail"];
export type Figure = Schemas["CampaignFigure"];
export type FlowNode = Schemas["CampaignFlowNode"];
export type Decision = Schemas["CampaignDecision"];
export type Split = Schemas["CampaignSplit"];

export function useCampaigns(s: CampaignsState, time: { from: string; to: string }) {
  const query = { ...time, sort: s.sort, asc: !s.desc, ...(s.type ? { type: [s.type] } : {}), ...(s.only.length > 0 ? { only: [...s.only] } : {}), ...(s.text ? { text: s.text } : {}) };
  return useInfiniteQuery({
    queryKey: ["campaigns", query],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["CampaignPage"]>(api.GET("/campaigns", { params: { query: { ...query, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useCampaign(id: string, node: string) {
  return useQuery({
    queryKey: ["campaign", id, node],
    queryFn: ({ signal }) => ask<Campaign>(api.GET("/campaigns/{id}", { params: { path: { id }, query: node ? { node } : {} }, signal })),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
}

/** What Explorer's questions take of a view. */
export function scopeOf(e: Schemas["ScopeLinks"]) {
  return { view: e.view as View, q: e.q, ...(e.from ? { from: e.from } : {}), ...(e.to ? { to: e.to } : {}) };
}

export function useCampaignChart(c: Campaign) {
  const scope = scopeOf(c.explorer);
  return useQuery({ queryKey: ["chart", scope, "outcome"], queryFn: ({ signal }) => ask<Chart>(api.GET("/explorer/chart", { params: { query: { ...scope, split: "outcome" } }, signal })), placeholderData: keepPreviousData });
}

export function useSamples(c: Campaign, limit: number) {
  const scope = scopeOf(c.explorer);
  return useQuery({ queryKey: ["samples", scope, limit], queryFn: ({ signal }) => ask<Schemas["EmailPage"]>(api.GET("/explorer/emails", { params: { query: { ...scope, sort: "Timestamp", desc: true, limit } }, signal })), placeholderData: keepPreviousData });
}

export function useCampaignsOf(message: string) {
  return useQuery({ queryKey: ["campaigns-of", message], queryFn: ({ signal }) => ask<Schemas["CampaignRefs"]>(api.GET("/campaigns/of/{nmid}", { params: { path: { nmid: message } }, signal })), staleTime: 60_000 });
}

function useDecide<I>(call: (input: I) => Promise<Schemas["CampaignDecided"]>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: () => Promise.all(["campaign", "campaigns", "campaigns-of", "samples", "chart"].map((k) => client.invalidateQueries({ queryKey: [k] }))),
  });
}

export const useSplit = (id: string) => useDecide((body: Split) => ask(api.POST("/campaigns/{id}/split", { params: { path: { id } }, body })));
export const useMerge = (id: string) => useDecide((body: Schemas["CampaignMerge"]) => ask(api.POST("/campaigns/{id}/merge", { params: { path: { id } }, body })));
export const useRename = (id: string) => useDecide((body: Schemas["CampaignName"]) => ask(api.PUT("/campaigns/{id}", { params: { path: { id } }, body })));
export const useUndo = () => useDecide(({ id, note }: { id: string; note: string }) => ask(api.POST("/campaigns/decisions/{decision}/undo", { params: { path: { decision: id } }, body: { note } })));
