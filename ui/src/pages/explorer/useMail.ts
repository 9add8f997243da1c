import { useCallback, useMemo } from "react";
import { useExplorer } from "../../address/useAddress";
import type { EmailRow } from "../../api/client";
import { useChart, useEmails } from "./queries";

export interface Mail {
  rows: readonly EmailRow[];
  /** All rows there are; -1 while nobody knows. */
  total: number;
  more: boolean;
  loading: boolean;
  tookMs: number | undefined;
  error: unknown;
  onMore: () => void;
  retry: () => void;
}

/** The list of mail, page after page, and how long it is in all. */
export function useMail(): Mail {
  const [{ sort, desc, split }] = useExplorer();
  const emails = useEmails(sort, desc, true);
  const chart = useChart(split); // the same question as the chart's, so it is asked once
  const rows = useMemo(() => emails.data?.pages.flatMap((p) => p.rows) ?? [], [emails.data]);
  const { fetchNextPage, refetch } = emails;
  return {
    rows,
    total: chart.data?.total ?? -1,
    more: emails.hasNextPage,
    loading: emails.isFetching,
    tookMs: emails.data?.pages.at(-1)?.took_ms,
    error: emails.error,
    onMore: useCallback(() => void fetchNextPage(), [fetchNextPage]),
    retry: useCallback(() => void refetch(), [refetch]),
  };
}
