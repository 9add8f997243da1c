import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AuditState } from "../../address/audit";
import { api, ask, prefix, type Schemas } from "../../api/client";

// What the audit page asks.

export type AuditLine = Schemas["AuditLine"];
export type AuditRecord = Schemas["AuditRecord"];
export type LogState = Schemas["AuditState"];

export interface AuditFilter { operator: string; action: string; subject: string; text: string; from: string; to: string }

/** The filter as parameters; an empty one is not sent. */
export function parameters(f: AuditFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(f).filter(([, v]) => v !== ""));
}

/** What the page looks for, and in which time; "All mail" reaches to the first record, which may be older than any mail. */
export function filterOf(s: AuditState, time: { from: string; to: string }): AuditFilter {
  const all = "last" in s.range && s.range.last === "all";
  return { operator: s.operator, action: s.action, subject: s.subject, text: s.text, from: all ? "" : time.from, to: all ? "" : time.to };
}

export function useRecords(f: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ["audit", f],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => {
      const { action, ...rest } = parameters(f);
      return ask<Schemas["AuditPage"]>(api.GET("/audit", { params: { query: { ...rest, ...(action ? { action: [action] } : {}), limit: pageParam ? 500 : 200, ...(pageParam ? { cursor: pageParam } : {}) } }, signal }));
    },
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useRecord(seq: number) {
  return useQuery({ queryKey: ["audit-record", seq], staleTime: Infinity, queryFn: ({ signal }) => ask<AuditRecord>(api.GET("/audit/{seq}", { params: { path: { seq } }, signal })) });
}

export function useActions() {
  return useQuery({ queryKey: ["audit-actions"], staleTime: Infinity, queryFn: ({ signal }) => ask<string[]>(api.GET("/audit/actions", { signal })) });
}

export function useLogState() {
  return useQuery({ queryKey: ["audit-state"], queryFn: ({ signal }) => ask<LogState>(api.GET("/audit/state", { signal })) });
}

export function useCheckNow() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask<LogState>(api.POST("/audit/verify")),
    onSuccess: (now) => client.setQueryData(["audit-state"], now),
  });
}

/** Where the server streams the records as a signed file. */
export function exportLink(f: AuditFilter): string {
  return `${prefix}/audit/export?${new URLSearchParams(parameters(f)).toString()}`;
}
