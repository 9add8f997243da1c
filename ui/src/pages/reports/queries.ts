import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { filterOf, type ReportState } from "../../address/reports";
import { api, ask, prefix, type Schemas } from "../../api/client";

// What the reports ask.

export type Report = Schemas["Report"];
export type Kind = Schemas["ReportKind"];
export type Table = Schemas["ReportTable"];
export type Column = Schemas["ReportColumn"];
export type Row = Schemas["ReportRow"];
export type Schedule = Schemas["ReportOrder"];
export type Preview = Schemas["ReportLetter"];
export type Draft = Schemas["ReportOrderDraft"];

export function useKinds() {
  return useQuery({ queryKey: ["reports"], staleTime: Infinity, queryFn: ({ signal }) => ask<Schemas["ReportKinds"]>(api.GET("/reports", { signal })) });
}

const parameters = (s: ReportState, time: { from: string; to: string }) => ({ ...time, ...filterOf(s), ...(s.split ? { split: s.split } : {}) });

export function useReport(name: string, s: ReportState, time: { from: string; to: string }) {
  const query = parameters(s, time);
  return useQuery({
    queryKey: ["reports", name, query],
    queryFn: ({ signal }) => ask<Report>(api.GET("/reports/{name}", { params: { path: { name }, query }, signal })),
    placeholderData: (before) => (before?.name === name ? before : undefined),
    retry: false,
  });
}

/** Address of the report as a file. */
export function fileLink(name: string, s: ReportState, time: { from: string; to: string }, more: Record<string, string>): string {
  return `${prefix}/reports/${name}/file?${new URLSearchParams({ ...parameters(s, time), ...more }).toString()}`;
}

/** Departments, groups and domains that a report can be narrowed to. */
export function useOptions() {
  return useQuery({ queryKey: ["dashboard-options"], staleTime: 300_000, queryFn: ({ signal }) => ask<Schemas["DashboardOptions"]>(api.GET("/dashboard/options", { signal })) });
}

const schedulesKey = ["report-schedules"];

export function useSchedules() {
  return useQuery({ queryKey: schedulesKey, queryFn: ({ signal }) => ask<Schemas["ReportOrders"]>(api.GET("/report-schedules", { signal })) });
}

export function useSaveSchedule(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Draft) => ask<Schedule>(id ? api.PUT("/report-schedules/{id}", { params: { path: { id } }, body }) : api.POST("/report-schedules", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: schedulesKey }),
  });
}

/** The letter of a schedule as it would be sent now; nothing is kept. */
export function usePreviewSchedule() {
  return useMutation({ mutationFn: (body: Draft) => ask<Schemas["ReportLetter"]>(api.POST("/report-schedules/preview", { body })) });
}

export function useRemoveSchedule(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.DELETE("/report-schedules/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: schedulesKey }),
  });
}

export function useSendSchedule(id: string) {
  return useMutation({ mutationFn: () => ask(api.POST("/report-schedules/{id}/send", { params: { path: { id } } })) });
}
