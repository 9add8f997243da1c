import { Button, Select } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { number } from "../time/zone";
import { EmptyState } from "./EmptyState";
import { ListGrid, type ListGridProps } from "./grid/ListGrid";
import styles from "./ListFrame.module.css";
import { ProblemNote } from "./Problem";

interface Props<T> extends Omit<ListGridProps<T>, "total" | "more" | "loading" | "onMore" | "foot"> {
  /** The list as it is asked for, page by page. */
  list: { data: unknown; error: unknown; hasNextPage: boolean; isLoading: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown; refetch: () => unknown };
  /** How many there are in all, where the server says so. */
  total?: number;
  /** In words, under the list: "newest first". */
  order?: string;
  /** What the list is narrowed by, over it. A list without stands in its page without a card. */
  filters?: {
    tools: ReactNode;
    /** Something is filtered. */
    on: boolean;
    onClear: () => void;
    /** When nothing fits: "No alert is like that", and what to do. */
    nothing: string;
    why: string;
  };
  className?: string | undefined;
}

/** The frame of a list: its filters, what the server refused, no results, nothing at all, and where in it one is. */
export function ListFrame<T>({ list, total, order, filters, className, empty, ...grid }: Props<T>) {
  const known = total ?? (list.hasNextPage || !list.data ? -1 : grid.rows.length);
  const body = list.error ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : (
    <ListGrid
      {...grid}
      total={known}
      more={list.hasNextPage}
      loading={list.isLoading || list.isFetchingNextPage}
      onMore={() => void list.fetchNextPage()}
      empty={filters?.on ? <EmptyState small title={filters.nothing} why={filters.why}><Button onClick={filters.onClear}>Clear the filters</Button></EmptyState> : empty}
      foot={(first, last) => <span className="num">{number(first)}–{number(last)}{known < 0 ? " and more" : <> of <b>{number(known)}</b></>}{order && `, ${order}`}</span>}
    />
  );
  if (!filters) return <div className={styles.bare}>{body}</div>;
  return (
    <section className={`card ${styles.card} ${className ?? ""}`} aria-label={grid.label}>
      <div className={styles.tools} role="group" aria-label="Filter">
        {filters.tools}
        {filters.on && <button type="button" className="textbutton" onClick={filters.onClear}>Clear</button>}
      </div>
      {body}
    </section>
  );
}

/** One filter out of a few values; it is marked while it narrows the list. */
export function Choice<V extends string>({ label, value, options, onChange }: { label: string; value: V; /** Value and word; the first is for all. */ options: readonly (readonly [V, string])[]; onChange: (v: V) => void }) {
  return (
    <Select size="small" aria-label={label} value={value} className={value !== "" ? styles.chosen : ""} onChange={(_, d) => onChange(d.value as V)}>
      {options.map(([v, word]) => <option key={v} value={v}>{word}</option>)}
    </Select>
  );
}

/** A choice whose values are words already. */
export const words = <V extends string>(all: string, values: readonly V[]): (readonly [V | "", string])[] => [["", all], ...values.map((v) => [v, v] as const)];
