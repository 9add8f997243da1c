import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { FromList } from "../../address/email";
import { everything } from "../../address/explorer";
import { useTimeRange } from "../../address/useAddress";
import { api, ask, type Chip, type EmailRow, type Schemas } from "../../api/client";
import { keyOf } from "../../components/grid/selection";
import { filterKey, readKql } from "../../filter/useFilter";
import { useEmailsOf } from "../explorer/queries";

/** How many pages of the list are read to find the message in it; further down nobody pages by hand. */
const mostPages = 5;

export interface Place {
  /** From 1; undefined while the message was not found in the list. */
  at: number | undefined;
  /** Undefined while nobody knows. */
  of: number | undefined;
  prev: EmailRow | undefined;
  next: EmailRow | undefined;
  chips: readonly Chip[];
}

/** Where a message stands in the list that it was opened from. */
export function useList(list: FromList | undefined, id: string, recipient: string): Place {
  const { query } = useTimeRange();
  const on = list !== undefined;
  const scope = { view: list?.view ?? "all", q: list?.q ?? everything, ...query };
  const emails = useEmailsOf(scope, list?.sort ?? "Timestamp", list?.desc ?? true, on);
  const count = useQuery({
    queryKey: ["count", scope],
    enabled: on,
    queryFn: ({ signal }) => ask<Schemas["Count"]>(api.GET("/explorer/count", { params: { query: scope }, signal })),
  });
  const filter = useQuery({ queryKey: filterKey(scope.q), enabled: on && scope.q !== everything, staleTime: Infinity, queryFn: ({ signal }) => readKql(scope.q, signal) });
  const pages = emails.data?.pages ?? [];
  const rows = on ? pages.flatMap((p) => p.rows) : [];
  const at = rows.findIndex((r) => (recipient === "" ? r.NetworkMessageId === id : keyOf(r) === `${id}~${recipient}`));
  const { hasNextPage, isFetching, fetchNextPage } = emails;
  const wanted = on && hasNextPage && !isFetching && ((at < 0 && pages.length < mostPages) || at === rows.length - 1);
  useEffect(() => {
    if (wanted) void fetchNextPage();
  }, [wanted, fetchNextPage]);
  return { at: at < 0 ? undefined : at + 1, of: count.data?.events, prev: at > 0 ? rows[at - 1] : undefined, next: at >= 0 ? rows[at + 1] : undefined, chips: filter.data?.chips ?? [] };
}
