import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ProblemNote } from "../../components/Problem";
import styles from "./Email.module.css";

/** A part of a message: on its way, refused, or the answer. Bytes that are not kept any more are a fact and no failure. */
export function Part<T>({ answer, label, children }: { answer: UseQueryResult<T>; label: string; children: (data: T) => ReactNode }) {
  if (answer.error instanceof Problem && answer.error.status === 410) {
    return <Gone />;
  }
  if (answer.error) return <ProblemNote error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) {
    return <Skeleton className={styles.wait} aria-label={label}>{[32, 24, 24, 24, 24, 24].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>;
  }
  return children(answer.data);
}

export function Gone() {
  return <section className={styles.block}><EmptyState small title="The message itself is not kept any more" why="Its bytes are older than what this installation keeps. What was stored about it is in the other tabs." /></section>;
}
