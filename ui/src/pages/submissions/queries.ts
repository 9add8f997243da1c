import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SubmissionsState } from "../../address/submissions";
import { api, ask, type Chart, type Schemas } from "../../api/client";

// What the submissions page asks.

export type Submission = Schemas["Submission"];
export type Detail = Schemas["SubmissionDetail"];
export type Report = Schemas["SubmissionReport"];
export type Answers = Schemas["SubmissionAnswers"];

/** The filter as the server takes it; what is not set is not sent. Those that wait are shown whenever they came. */
export function parameters(s: SubmissionsState, time: { from: string; to: string }) {
  const state = s.stage === "waiting" ? (["New", "In triage"] as const) : s.stage === "all" ? undefined : ([s.stage] as const);
  const all = "last" in s.range && s.range.last === "all";
  const closed = s.stage === "Closed" || s.stage === "all";
  // The app's now stands still while somebody works; what they just closed is newer than it.
  const span = "last" in s.range ? { from: time.from } : time;
  return {
    ...(state ? { state: [...state] } : {}), ...(s.type ? { type: [s.type] } : {}), ...(s.result && closed ? { result: [s.result] } : {}), ...(s.owner ? { owner: s.owner } : {}),
    ...(s.text ? { text: s.text } : {}), ...(s.reporter ? { reporter: s.reporter } : {}), ...(closed && !all ? span : {}),
  };
}

export function useSubmissions(s: SubmissionsState, time: { from: string; to: string }) {
  const query = parameters(s, time);
  return useInfiniteQuery({
    queryKey: ["submissions", query],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => ask<Schemas["SubmissionPage"]>(api.GET("/submissions", { params: { query: { ...query, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

export function useSubmission(id: string) {
  return useQuery({ queryKey: ["submission", id], queryFn: ({ signal }) => ask<Detail>(api.GET("/submissions/{id}", { params: { path: { id } }, signal })) });
}

function useDo<I>(id: string, call: (input: I) => Promise<Detail>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: (now) => client.setQueryData(["submission", id], now),
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["submissions"] }), client.invalidateQueries({ queryKey: ["submission-figures"] })]),
  });
}

export const useChange = (id: string) => useDo(id, (body: Schemas["SubmissionChange"]) => ask<Detail>(api.PUT("/submissions/{id}", { params: { path: { id } }, body })));
export const useJudge = (id: string) => useDo(id, () => ask<Detail>(api.POST("/submissions/{id}/judge", { params: { path: { id } } })));

export function useContent(id: string) {
  return useMutation({ mutationFn: (reason: string) => ask<Schemas["SubmissionContent"]>(api.POST("/submissions/{id}/content", { params: { path: { id } }, body: { reason } })) });
}

export function useFigures(time: { from: string; to: string }) {
  return useQuery({ queryKey: ["submission-figures", time], queryFn: ({ signal }) => ask<Schemas["SubmissionMetrics"]>(api.GET("/submissions/metrics", { params: { query: time }, signal })), placeholderData: keepPreviousData });
}

export function useReportChart(split: SubmissionsState["split"], time: { from: string; to: string }) {
  return useQuery({ queryKey: ["submission-figures", "chart", split, time], queryFn: ({ signal }) => ask<Chart>(api.GET("/submissions/chart", { params: { query: { split, ...time } }, signal })), placeholderData: keepPreviousData });
}

export function useAnswers() {
  return useQuery({ queryKey: ["submission-answers"], queryFn: ({ signal }) => ask<Answers>(api.GET("/submissions/answers", { signal })) });
}

export function useSaveAnswers() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Answers) => ask<Answers>(api.PUT("/submissions/answers", { body })),
    onSuccess: (now) => client.setQueryData(["submission-answers"], now),
  });
}

/** Who reported one message: its submissions, if there are any. */
export function useReported(message: string, enabled: boolean) {
  return useQuery({ queryKey: ["submissions", "of", message], enabled, queryFn: ({ signal }) => ask<Schemas["SubmissionPage"]>(api.GET("/submissions", { params: { query: { message, limit: 5 } }, signal })) });
}
