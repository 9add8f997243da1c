import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { QuarantineState } from "../../address/quarantine";
import { api, ask, type Schemas } from "../../api/client";

// What the quarantine page asks.

export type Entry = Schemas["QuarantineEntry"];
export type Filter = Schemas["QuarantineFilter"];
export type Plan = Schemas["ActionPlan"];
export type ActionOf = Schemas["Action"];
export type Kind = "Release" | "Hard delete";

/** What something is done to: picked entries, or all that match a filter. */
export type Scope = { events: Entry[]; filter?: undefined } | { filter: Filter; events?: undefined };

export const keyOf = (e: Entry) => `${e.network_message_id}~${e.recipient}`;

/** What is held is held now, however long ago it came; the time range is about what is over. */
export function filterOf(s: QuarantineState, time: { from: string; to: string }): Filter {
  const now = s.state === "held" || s.state === "asked";
  const all = "last" in s.range && s.range.last === "all";
  return {
    state: s.state,
    ...(s.text ? { text: s.text } : {}), ...(s.recipient ? { recipient: s.recipient } : {}), ...(s.threat ? { threat: s.threat } : {}),
    ...(now || all ? {} : time),
  };
}

export function useEntries(f: Filter, sort: QuarantineState["sort"], desc: boolean) {
  return useInfiniteQuery({
    queryKey: ["quarantine", "list", f, sort, desc],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["QuarantinePage"]>(api.GET("/quarantine", { params: { query: { ...f, sort, desc, limit: pageParam ? 500 : 200, ...(pageParam ? { cursor: pageParam } : {}) } as never }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useSummary() {
  return useQuery({ queryKey: ["quarantine", "summary"], queryFn: ({ signal }) => ask<Schemas["QuarantineSummary"]>(api.GET("/quarantine/summary", { signal })), refetchInterval: 60_000 });
}

function body(scope: Scope) {
  return scope.events ? { events: scope.events.map((e) => ({ network_message_id: e.network_message_id, recipient: e.recipient })) } : { filter: scope.filter };
}

export function usePlan(kind: Kind, scope: Scope) {
  return useQuery({
    queryKey: ["quarantine", "plan", kind, body(scope)],
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) => ask<Plan>(api.POST("/quarantine/plan", { body: { kind, ...body(scope) }, signal })),
  });
}

/** Asks for the action. */
export function useAct(kind: Kind, scope: Scope) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ reason, plan, good }: { reason: string; plan: string; good: boolean }) =>
      ask<ActionOf>(kind === "Release"
        ? api.POST("/quarantine/release", { body: { ...body(scope), reason, plan, ...(good ? { false_positive: true } : {}) } })
        : api.POST("/quarantine/delete", { body: { ...body(scope), reason, plan } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["quarantine", "list"] }),
  });
}

/** How far an action is; asked again until it is over or waits for somebody. */
export function useProgress(started: ActionOf | undefined) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ["quarantine", "action", started?.id],
    enabled: started !== undefined,
    initialData: started,
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const a = await ask<ActionOf>(api.GET("/actions/{id}", { params: { path: { id: started!.id } }, signal }));
      if (a.over) {
        void client.invalidateQueries({ queryKey: ["quarantine", "list"] });
        void client.invalidateQueries({ queryKey: ["quarantine", "summary"] });
      }
      return a;
    },
    refetchInterval: (q) => (q.state.data && !q.state.data.over && q.state.data.state !== "Waiting for approval" ? 1000 : false),
  });
}

export function useRefuse() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ entries, reason }: { entries: Entry[]; reason: string }) =>
      ask<Schemas["QuarantineRefused"]>(api.POST("/quarantine/refuse", { body: { reason, events: entries.map((e) => ({ network_message_id: e.network_message_id, recipient: e.recipient })) } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["quarantine"] }),
  });
}

/** What an allow entry for the sender would do; nothing is added by asking. */
export function useAllowed(sender: string, on: boolean) {
  return useQuery({
    queryKey: ["quarantine", "allow", sender],
    enabled: on && sender !== "",
    queryFn: ({ signal }) => ask<Schemas["EntryCheck"][]>(api.POST("/policy/entries/check", { body: { kind: "sender", values: [sender], action: "Allow" }, signal })),
  });
}
