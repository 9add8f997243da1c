import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ChangeKind, EntryKind, RunKind } from "../../address/policy";
import { api, ask, type Schemas } from "../../api/client";
import type { Settings } from "./decide";
import type { Action, Entry } from "./entries";
import { over, type Run } from "./runs";

// What the policy's page asks. Changes make everything that hangs on them be read anew.

export function usePolicy() {
  return useQuery({ queryKey: ["policy"], queryFn: ({ signal }) => ask<Schemas["PolicyInForce"]>(api.GET("/policy", { signal })) });
}

export function useSavePolicy() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { policy: Settings; version: number; reason: string }) => ask<Schemas["PolicyInForce"]>(api.PUT("/policy", { body })),
    onSuccess: (now) => {
      client.setQueryData(["policy"], now);
      return changed(client);
    },
  });
}

/** Reads the policy and its history anew; for whoever was told that somebody else was faster. */
export function useRereadPolicy() {
  const client = useQueryClient();
  return () => Promise.all([client.invalidateQueries({ queryKey: ["policy"] }), client.invalidateQueries({ queryKey: ["versions"] })]);
}

function changed(client: ReturnType<typeof useQueryClient>) {
  return Promise.all([["policy"], ["versions"], ["entries"], ["mailboxes"], ["judging"], ["check"]].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useVersions() {
  return useInfiniteQuery({
    queryKey: ["versions"],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["PolicyVersions"]>(api.GET("/policy/versions", { params: { query: { limit: 20, ...(pageParam ? { below: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
}

export interface EntryFilter { search: string; kind: EntryKind | ""; action: Action | ""; state: "active" | "expired" | "" }

export function useEntries(f: EntryFilter) {
  return useInfiniteQuery({
    queryKey: ["entries", f],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      ask<Schemas["EntryPage"]>(api.GET("/policy/entries", {
        params: { query: { limit: pageParam ? 500 : 200, ...(f.search && { search: f.search }), ...(f.kind && { kind: f.kind }), ...(f.action && { action: f.action }), ...(f.state && { state: f.state }), ...(pageParam && { cursor: pageParam }) } },
        signal,
      })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useEntry(id: string) {
  return useQuery({ queryKey: ["entries", "one", id], enabled: id !== "", queryFn: ({ signal }) => ask<Entry>(api.GET("/policy/entries/{id}", { params: { path: { id } }, signal })) });
}

/** What entries would mean, asked while somebody types. */
export function useCheck(body: { kind: EntryKind; values: string[]; action: Action; unproven: boolean }) {
  return useQuery({
    queryKey: ["check", body],
    enabled: body.values.length > 0,
    queryFn: ({ signal }) => ask<Schemas["EntryCheck"][]>(api.POST("/policy/entries/check", { body: { ...body, values: body.values.slice(0, 100) }, signal })),
    placeholderData: keepPreviousData,
  });
}

export type Draft = Schemas["EntryDraft"];

export function useAddEntries() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (body: Draft) => ask<Entry[]>(api.POST("/policy/entries", { body })), onSuccess: () => changed(client) });
}

export function useChangeEntry(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["EntryChange"]) => ask<Entry>(api.PUT("/policy/entries/{id}", { params: { path: { id } }, body })),
    onSuccess: () => changed(client),
  });
}

export function useRemoveEntry(id: string) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (reason: string) => ask(api.DELETE("/policy/entries/{id}", { params: { path: { id }, query: { reason } } })), onSuccess: () => changed(client) });
}

export function useMailboxes(search: string) {
  return useInfiniteQuery({
    queryKey: ["mailboxes", search],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["MailboxPage"]>(api.GET("/policy/mailboxes", { params: { query: { limit: 200, ...(search && { search }), ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

/** Settings of one mailbox; the error has status 404 when it has none. */
export function useMailbox(address: string) {
  return useQuery({ queryKey: ["mailboxes", "one", address], enabled: address !== "", queryFn: ({ signal }) => ask<Schemas["Mailbox"]>(api.GET("/policy/mailboxes/{address}", { params: { path: { address } }, signal })) });
}

export function usePutMailbox() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ address, body }: { address: string; body: Schemas["MailboxSettings"] }) => ask<Schemas["Mailbox"]>(api.PUT("/policy/mailboxes/{address}", { params: { path: { address } }, body })),
    onSuccess: () => changed(client),
  });
}

export function useRemoveMailbox() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (address: string) => ask(api.DELETE("/policy/mailboxes/{address}", { params: { path: { address } } })), onSuccess: () => changed(client) });
}

// ---- judging

/** What judges, looked at again now and then: files are taken up while it runs. */
export function useJudging() {
  return useQuery({ queryKey: ["judging"], queryFn: ({ signal }) => ask<Schemas["Judging"]>(api.GET("/judging", { signal })), refetchInterval: 10_000 });
}

/** The local model; who may read mail may know of it. */
export function useLearning() {
  return useQuery({ queryKey: ["learning"], queryFn: ({ signal }) => ask<Schemas["Learning"]>(api.GET("/learning", { signal })) });
}

export function useRuns(kind: RunKind) {
  return useInfiniteQuery({
    queryKey: ["runs", kind],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => {
      const query = { limit: 50, ...(pageParam && { cursor: pageParam }) };
      return ask<Schemas["JudgingRuns"]>(kind === "whatif" ? api.GET("/whatif", { params: { query }, signal }) : api.GET("/rejudge", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval: (q) => (q.state.data?.pages[0]?.runs.some((r) => !over(r)) ? 2000 : 15_000),
  });
}

/** One run, asked again until it is over. */
export function useRun(kind: RunKind, id: string) {
  return useQuery({
    queryKey: ["run", kind, id],
    enabled: id !== "",
    queryFn: ({ signal }) => ask<Run>(kind === "whatif" ? api.GET("/whatif/{id}", { params: { path: { id } }, signal }) : api.GET("/rejudge/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (q) => (q.state.data && over(q.state.data) ? false : 700),
  });
}

export function useResults(run: Run | undefined, kind: RunKind, id: string, change: ChangeKind | "", contradicts: boolean) {
  return useInfiniteQuery({
    // A run that ended is read once more, from its start.
    queryKey: ["results", kind, id, change, contradicts, run ? over(run) : false],
    enabled: run !== undefined,
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => {
      const params = { path: { id }, query: { limit: 500, ...(change && { change }), ...(contradicts && { contradicts }), ...(pageParam ? { after: pageParam } : {}) } };
      return ask<Schemas["JudgingResults"]>(kind === "whatif" ? api.GET("/whatif/{id}/results", { params, signal }) : api.GET("/rejudge/{id}/results", { params, signal }));
    },
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (q) => (run && !over(run) && (q.state.data?.pages.length ?? 0) <= 1 ? 2000 : false),
  });
}

export function useStartWhatIf() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["WhatIfAsk"]) => ask<Run>(api.POST("/whatif", { body })),
    onSuccess: (r) => {
      client.setQueryData(["run", "whatif", r.id], r);
      return client.invalidateQueries({ queryKey: ["runs", "whatif"] });
    },
  });
}

export function useStartRejudge() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["RejudgeAsk"]) => ask<Run>(api.POST("/rejudge", { body })),
    onSuccess: (r) => {
      client.setQueryData(["run", "rejudge", r.id], r);
      return Promise.all([client.invalidateQueries({ queryKey: ["runs", "rejudge"] }), client.invalidateQueries({ queryKey: ["judging"] })]);
    },
  });
}

export function useCancelRun(kind: RunKind, id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(kind === "whatif" ? api.DELETE("/whatif/{id}", { params: { path: { id } } }) : api.DELETE("/rejudge/{id}", { params: { path: { id } } })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["run", kind, id] }), client.invalidateQueries({ queryKey: ["runs", kind] })]),
  });
}
