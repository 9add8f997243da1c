import { keepPreviousData, useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Scope } from "../../address/actions";
import { api, ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/queries";
import type { Action, Kind, Plan, Target } from "./words";

// What the pages of actions ask. What is at work is asked again by itself; what it changes is read anew everywhere once it is over.

type Body = Schemas["ActionAsk"];

/** The part of a request that says what it is about. */
export function about(s: Scope): Pick<Body, "query" | "events" | "incident"> {
  if (s.what === "all") return { query: { view: s.view, q: s.q, from: s.from, to: s.to } };
  if (s.what === "message") return { query: { view: "all", q: `EmailEvents\n| where NetworkMessageId == "${s.id}"` } };
  if (s.what === "incident") return { incident: s.id };
  return { events: s.picks.map((p) => ({ network_message_id: p.id, recipient: p.recipient })), ...(s.incident && { incident: s.incident }) };
}

const planOf = (kind: Kind, scope: Scope) => ({
  queryKey: ["plan", kind, scope],
  staleTime: Infinity, // a plan is a picture of one moment; whoever acts on an old one is told
  gcTime: 0,
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<Plan>(api.POST("/actions/plan", { body: { kind, ...about(scope) }, signal })),
});

export function usePlan(kind: Kind, scope: Scope, on = true) {
  return useQuery({ ...planOf(kind, scope), enabled: on });
}

/** The same list with what the mailboxes say of it: it is asked for once the list is shown, because it may take ten seconds. */
export function useLook(kind: Kind, scope: Scope, digest: string) {
  return useQuery({
    queryKey: ["plan", "look", kind, scope, digest],
    enabled: digest !== "",
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: ({ signal }) => ask<Plan>(api.POST("/actions/plan", { body: { kind, look: true, ...about(scope) }, signal })),
  });
}

/** The plans of several kinds, to say what each could do. */
export function usePlans(list: readonly Kind[], scope: Scope, on: boolean) {
  return useQueries({ queries: list.map((k) => ({ ...planOf(k, scope), enabled: on })) });
}

export function useStart() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (b: { kind: Kind; scope: Scope; name: string; reason: string; plan: string }) =>
      ask<Action>(api.POST("/actions", { body: { kind: b.kind, name: b.name, reason: b.reason, plan: b.plan, ...about(b.scope) } })),
    onSuccess: (a) => {
      client.setQueryData(["action", a.id], a);
      return client.invalidateQueries({ queryKey: ["actions"] });
    },
  });
}

export function useSimulation(body: Schemas["ApprovalQuestion"], on = true) {
  return useQuery({
    queryKey: ["simulation", body],
    enabled: on,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<Schemas["ApprovalAnswer"]>(api.POST("/approvals/simulate", { body, signal })),
  });
}

/** One action, asked again until it is over. */
export function useAction(id: string) {
  const client = useQueryClient();
  const answer = useQuery({
    queryKey: ["action", id],
    queryFn: ({ signal }) => ask<Action>(api.GET("/actions/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (q) => (!q.state.data || q.state.data.over ? false : q.state.data.state === "Waiting for approval" ? 4000 : 1000),
  });
  // What it did is in lists and timelines now.
  const was = useRef<boolean>(undefined);
  const over = answer.data?.over;
  useEffect(() => {
    if (was.current === false && over === true) void changedMail(client);
    was.current = over;
  }, [over, client]);
  return answer;
}

function changedMail(client: QueryClient) {
  return Promise.all([["emails"], ["chart"], ["facet"], ["email"], ["timeline"], ["actions"], ["targets"], ["incident"]].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useTargets(id: string, outcomes: readonly Target["outcome"][], drifted: boolean, live: boolean) {
  return useInfiniteQuery({
    queryKey: ["targets", id, outcomes, drifted],
    initialPageParam: -1,
    queryFn: ({ signal, pageParam }) =>
      ask<Schemas["ActionTargets"]>(api.GET("/actions/{id}/targets", { params: { path: { id }, query: { outcome: [...outcomes], drifted, after: pageParam, limit: 100 } }, querySerializer: { array: { style: "form", explode: false } }, signal })),
    getNextPageParam: (last) => (last.next < 0 ? undefined : last.next),
    placeholderData: keepPreviousData,
    refetchInterval: live ? 2000 : false,
  });
}

/** All targets of an action, for a file; 50,000 at most, as an action has. */
export async function allTargets(id: string): Promise<Target[]> {
  const out: Target[] = [];
  for (let after = -1; ;) {
    const page: Schemas["ActionTargets"] = await ask<Schemas["ActionTargets"]>(api.GET("/actions/{id}/targets", { params: { path: { id }, query: { after, limit: 1000 } } }));
    out.push(...page.targets);
    if (page.next < 0) return out;
    after = page.next;
  }
}

export interface ActionFilter { state: "waiting" | "running" | "over"; kind: string; mine: boolean }

export function useActions(f: ActionFilter) {
  return useInfiniteQuery({
    queryKey: ["actions", f],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      ask<Schemas["ActionPage"]>(api.GET("/actions", { params: { query: { state: f.state, ...(f.kind ? { kind: f.kind } : {}), ...(f.mine ? { mine: true } : {}), ...(pageParam ? { cursor: pageParam } : {}), limit: 50 } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: f.state === "running" ? 2000 : 15_000,
  });
}

/** How many requests wait for whoever looks; 100 at most are counted. */
export function useWaiting(): number {
  const may = useMay("action.approve"), read = useMay("action.read");
  const { data } = useQuery({
    queryKey: ["actions", "waiting-for-me"],
    enabled: may && read,
    refetchInterval: 30_000,
    queryFn: ({ signal }) => ask<Schemas["ActionPage"]>(api.GET("/actions", { params: { query: { for_me: true, limit: 1 } }, signal })),
  });
  return data?.waiting ?? 0;
}

export type Decision = "approve" | "reject" | "cancel" | "retry" | "undo";

/** What can be done to an action; the answer is the action, or the one that undoes it. */
export function useDecide(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ does, reason }: { does: Decision; reason: string }) => {
      const rest = { params: { path: { id } }, body: { reason } };
      switch (does) {
        case "approve": return ask<Action>(api.POST("/actions/{id}/approve", rest));
        case "reject": return ask<Action>(api.POST("/actions/{id}/reject", rest));
        case "cancel": return ask<Action>(api.POST("/actions/{id}/cancel", rest));
        case "retry": return ask<Action>(api.POST("/actions/{id}/retry", rest));
        case "undo": return ask<Action>(api.POST("/actions/{id}/undo", rest));
      }
    },
    onSuccess: (now) => {
      client.setQueryData(["action", now.id], now);
    },
    onSettled: () => Promise.all([["action", id], ["actions"], ["targets", id]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export function useUndoPlan(id: string) {
  return useQuery({ queryKey: ["undo-plan", id], gcTime: 0, retry: false, queryFn: ({ signal }) => ask<Plan>(api.GET("/actions/{id}/undo", { params: { path: { id } }, signal })) });
}

export function useApprovals(on = true) {
  return useQuery({ queryKey: ["approvals"], enabled: on, queryFn: ({ signal }) => ask<Schemas["ApprovalsInForce"]>(api.GET("/approvals", { signal })) });
}

export function useApprovalVersions() {
  return useInfiniteQuery({
    queryKey: ["approval-versions"],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => ask<Schemas["ApprovalVersions"]>(api.GET("/approvals/versions", { params: { query: { limit: 20, ...(pageParam ? { below: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
}

export function useSaveApprovals() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["ApprovalsChange"]) => ask<Schemas["ApprovalsInForce"]>(api.PUT("/approvals", { body })),
    onSuccess: (now) => {
      client.setQueryData(["approvals"], now);
      return Promise.all([["approvals"], ["approval-versions"], ["simulation"], ["plan"]].map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}
