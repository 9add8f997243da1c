import { keepPreviousData, useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { IncidentsState, Shows } from "../../address/incidents";
import { api, ask, type Schemas } from "../../api/client";
import { saveFile } from "../../api/save";
import type { Change, Incident } from "./words";

// What the pages of incidents ask. Several people work on one incident at a time: what is open is asked again by itself.

/** How often what colleagues may have changed is asked again, in milliseconds. */
const again = 15_000;

type Filter = Pick<IncidentsState, "status" | "severity" | "owner" | "tag" | "classification" | "overdue" | "mine" | "mentioning" | "merged" | "text">;

function queryOf(f: Filter) {
  return {
    status: [...f.status], severity: [...f.severity],
    ...(f.owner && { owner: f.owner }), ...(f.tag && { tag: f.tag }), ...(f.classification && { classification: f.classification }), ...(f.text.trim() && { text: f.text.trim() }),
    ...(f.overdue && { overdue: true }), ...(f.mine && { mine: true }), ...(f.mentioning && { mentioning_me: true }), ...(f.merged && { merged: true }),
  };
}

const lists = { querySerializer: { array: { style: "form" as const, explode: false } } };

export function useIncidents(state: IncidentsState) {
  const query = { ...queryOf(state), sort: state.sort, desc: state.desc };
  return useInfiniteQuery({
    queryKey: ["incidents", "list", query],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["IncidentPage"]>(api.GET("/incidents", { params: { query: { ...query, cursor: pageParam } }, ...lists, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

export function useCounts(state: IncidentsState) {
  const query = queryOf(state);
  return useQuery({
    queryKey: ["incidents", "counts", query],
    queryFn: ({ signal }) => ask<Schemas["IncidentFacets"]>(api.GET("/incidents/counts", { params: { query }, ...lists, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

/** Incidents to choose from, by number, name or tag. */
export function useFound(text: string, resolved: boolean) {
  const query = { text: text.trim(), status: resolved ? [] : ["Active", "In progress"], sort: "updated" as const, desc: true, limit: 8 };
  return useQuery({
    queryKey: ["incidents", "found", query],
    queryFn: ({ signal }) => ask<Schemas["IncidentPage"]>(api.GET("/incidents", { params: { query }, ...lists, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useOptions() {
  return useQuery({ queryKey: ["incidents", "options"], staleTime: 60_000, queryFn: ({ signal }) => ask<Schemas["IncidentOptions"]>(api.GET("/incidents/options", { signal })) });
}

const path = (id: string) => ({ path: { id } });

export function useIncident(id: string) {
  return useQuery({ queryKey: ["incident", id], enabled: id !== "", refetchInterval: again, queryFn: ({ signal }) => ask<Incident>(api.GET("/incidents/{id}", { params: path(id), signal })) });
}

export function useSummary(i: Incident) {
  return useQuery({
    queryKey: ["incident", i.id, "summary", i.messages],
    queryFn: ({ signal }) => ask<Schemas["IncidentSummary"]>(api.GET("/incidents/{id}/summary", { params: path(i.id), signal })),
    placeholderData: keepPreviousData,
  });
}

export function useThings(i: Incident, kind: Schemas["IncidentThings"]["kind"]) {
  return useInfiniteQuery({
    queryKey: ["incident", i.id, "things", kind, i.messages],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["IncidentThings"]>(api.GET("/incidents/{id}/entities", { params: { ...path(i.id), query: { kind, cursor: pageParam } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
}

export function useMessages(i: Incident, recipient: string) {
  return useInfiniteQuery({
    queryKey: ["incident", i.id, "messages", recipient, i.messages],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["IncidentEmails"]>(api.GET("/incidents/{id}/messages", { params: { ...path(i.id), query: { cursor: pageParam, ...(recipient && { recipient }) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useKept(i: Incident) {
  return useQuery({ queryKey: ["incident", i.id, "queries", i.counts.queries], queryFn: ({ signal }) => ask<Schemas["IncidentQueries"]>(api.GET("/incidents/{id}/queries", { params: path(i.id), signal })), placeholderData: keepPreviousData });
}

/** What the kept queries match now. */
export function useMatches(i: Incident, queries: readonly Schemas["IncidentQuery"][]) {
  return useQueries({
    queries: queries.map((q) => ({
      queryKey: ["incident", i.id, "matches", q.id, i.messages],
      staleTime: 60_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => ask<Schemas["IncidentMatches"]>(api.GET("/incidents/{id}/queries/{query}", { params: { path: { id: i.id, query: q.id } }, signal })),
    })),
  });
}

export function useTimeline(i: Incident, show: Shows) {
  return useInfiniteQuery({
    queryKey: ["incident", i.id, "timeline", show],
    initialPageParam: 0,
    refetchInterval: again,
    queryFn: ({ signal, pageParam }) => ask<Schemas["IncidentTimeline"]>(api.GET("/incidents/{id}/timeline", { params: { ...path(i.id), query: { only: show === "all" ? "" : show, before: pageParam, limit: 50 } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useTasks(i: Incident) {
  return useQuery({ queryKey: ["incident", i.id, "tasks"], refetchInterval: again, queryFn: ({ signal }) => ask<Schemas["IncidentTasks"]>(api.GET("/incidents/{id}/tasks", { params: path(i.id), signal })) });
}

export function useIncidentActions(i: Incident, on = true) {
  return useQuery<Schemas["ActionPage"]>({
    queryKey: ["actions", "incident", i.id, i.counts.actions],
    enabled: on,
    refetchInterval: (q) => (q.state.data?.actions.some((a) => !a.over) ? 3000 : again),
    queryFn: ({ signal }) => ask<Schemas["ActionPage"]>(api.GET("/actions", { params: { query: { incident: i.id, limit: 200 } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useMembers(i: Incident) {
  return useQuery({ queryKey: ["incident", i.id, "members", i.counts.merged], enabled: i.counts.merged > 0, queryFn: ({ signal }) => ask<Schemas["IncidentMembers"]>(api.GET("/incidents/{id}/members", { params: path(i.id), signal })) });
}

export function useRelated(i: Incident) {
  return useQuery({ queryKey: ["incident", i.id, "related", i.messages], queryFn: ({ signal }) => ask<Schemas["IncidentRelated"]>(api.GET("/incidents/{id}/related", { params: path(i.id), signal })) });
}

/** Incidents that hold a message. */
export function useIncidentsOf(nmid: string, on: boolean) {
  return useQuery({ queryKey: ["incidents", "of", nmid], enabled: on && nmid !== "", queryFn: ({ signal }) => ask<Schemas["IncidentMembers"]>(api.GET("/emails/{nmid}/incidents", { params: { path: { nmid } }, signal })) });
}

/** Everything that shows incidents is read anew; the incident itself is waited for, so that no version is given back twice. */
export function changedIncidents(client: QueryClient) {
  void client.invalidateQueries({ queryKey: ["incidents"] });
  void client.invalidateQueries({ predicate: (q) => q.queryKey[0] === "incident" && q.queryKey.length > 2 });
  return client.invalidateQueries({ predicate: (q) => q.queryKey[0] === "incident" && q.queryKey.length === 2 });
}

function useDo<I, O>(call: (input: I) => Promise<O>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => changedIncidents(client) });
}

export type MailAsk = Schemas["IncidentMailAsk"];

export const useOpenIncident = () => useDo((body: Schemas["NewIncident"]) => ask<Incident>(api.POST("/incidents", { body })));
export const useBulk = () => useDo((body: Schemas["IncidentBulk"]) => ask<Schemas["IncidentBulkDone"]>(api.POST("/incidents/bulk", { body })));
export const useChange = (id: string) => useDo((body: Change) => ask<Incident>(api.PUT("/incidents/{id}", { params: path(id), body })));
export const usePut = () => useDo(({ id, body }: { id: string; body: MailAsk }) => ask<Schemas["IncidentTaken"]>(api.POST("/incidents/{id}/messages", { params: path(id), body })));
export const useRemoveMail = (id: string) => useDo((events: Schemas["ActionEvent"][]) => ask<Schemas["IncidentRemoved"]>(api.POST("/incidents/{id}/messages/remove", { params: path(id), body: { events } })));
export const useTake = (id: string) => useDo((query: string) => ask<Schemas["IncidentTaken"]>(api.POST("/incidents/{id}/queries/{query}/take", { params: { path: { id, query } } })));
export const useDropQuery = (id: string) => useDo((query: string) => ask(api.DELETE("/incidents/{id}/queries/{query}", { params: { path: { id, query } } })));
export const useAddNote = (id: string) => useDo((text: string) => ask<Schemas["IncidentNote"]>(api.POST("/incidents/{id}/notes", { params: path(id), body: { text } })));
export const useEditNote = (id: string) => useDo(({ note, text }: { note: string; text: string }) => ask<Schemas["IncidentNote"]>(api.PUT("/incidents/{id}/notes/{note}", { params: { path: { id, note } }, body: { text } })));
export const useRemoveNote = (id: string) => useDo((note: string) => ask(api.DELETE("/incidents/{id}/notes/{note}", { params: { path: { id, note } } })));
export const useAddTask = (id: string) => useDo((body: Schemas["IncidentTaskDraft"]) => ask<Schemas["IncidentTask"]>(api.POST("/incidents/{id}/tasks", { params: path(id), body })));
export const useChangeTask = (id: string) => useDo(({ task, body }: { task: string; body: Schemas["IncidentTaskDraft"] }) => ask<Schemas["IncidentTask"]>(api.PUT("/incidents/{id}/tasks/{task}", { params: { path: { id, task } }, body })));
export const useRemoveTask = (id: string) => useDo((task: string) => ask(api.DELETE("/incidents/{id}/tasks/{task}", { params: { path: { id, task } } })));
export const useMerge = (id: string) => useDo((body: Schemas["IncidentMerge"]) => ask<Incident>(api.POST("/incidents/{id}/merge", { params: path(id), body })));
export const useSeparate = (id: string) => useDo((reason: string) => ask<Incident>(api.POST("/incidents/{id}/separate", { params: path(id), body: { reason } })));

/** Fetches everything of an incident in one encrypted archive and hands it to the browser; gives the file's name. */
export function useBundle(i: Incident) {
  return useDo(async (body: Schemas["IncidentBundle"]) => {
    const zip = await ask<unknown>(api.POST("/incidents/{id}/bundle", { params: path(i.id), body, parseAs: "blob" }));
    const name = `${i.label}.zip`;
    saveFile(zip as Blob, name);
    return name;
  });
}
