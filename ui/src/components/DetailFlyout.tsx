import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { capital } from "../text/words";
import { Flyout, type Steps } from "./Flyout";
import styles from "./Flyout.module.css";
import { ProblemNote } from "./Problem";

interface Props<T> extends Steps {
  /** What it is one of, in small letters: "alert". */
  what: string;
  /** The answer of the server, or its refusal. */
  detail: { data: T | undefined; error: unknown; refetch: () => unknown };
  /** Names the panel once it is read. */
  label: (d: T) => string;
  /** Beside the close button. */
  action?: ReactNode;
  children: (d: T) => ReactNode;
}

/** One thing of a list beside it: waited for, refused, or shown. */
export function DetailFlyout<T>({ what, detail, label, children, ...flyout }: Props<T>) {
  const d = detail.data;
  return (
    <Flyout label={d === undefined ? capital(what) : label(d)} {...flyout}>
      {detail.error ? <div className={styles.wait}><ProblemNote error={detail.error} onRetry={() => void detail.refetch()} /></div> : d === undefined ? (
        <Skeleton className={styles.wait} aria-label={`Reading the ${what}`}>{Array.from({ length: 8 }, (_, i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
      ) : children(d)}
    </Flyout>
  );
}
