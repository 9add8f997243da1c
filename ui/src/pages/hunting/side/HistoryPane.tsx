import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { forClipboard } from "../../../text/find";
import { useClock, useZone } from "../../../time/Clock";
import { both, clock, day, number, took } from "../../../time/zone";
import { useForget, useHistory } from "../queries";
import type { HuntPast } from "../shapes";
import styles from "./Side.module.css";

const words: Record<HuntPast["outcome"], string> = { done: "", cut: "cut", error: "failed", cancelled: "stopped" };

/** A query in one line: its comments only where there is nothing else. */
export function gist(query: string): string {
  const lines = query.slice(0, 4000).split("\n").map((l) => l.trim()).filter((l) => l !== "");
  const code = lines.filter((l) => !l.startsWith("//"));
  return (code.length > 0 ? code : lines).join(" ").slice(0, 200);
}

/** What this person ran, newest first. */
export function HistoryPane({ find, onOpen }: { find: string; onOpen: (query: string) => void }) {
  const history = useHistory(true);
  const forget = useForget();
  const zone = useZone();
  const { now } = useClock();
  const [sure, setSure] = useState(false);
  if (history.error) return <ProblemNote error={history.error} onRetry={() => void history.refetch()} />;
  if (!history.data) return <Skeleton className={styles.wait} aria-label="Reading what you ran">{Array.from({ length: 8 }, (_, i) => <SkeletonItem key={i} size={24} />)}</Skeleton>;
  const wanted = find.trim().toLowerCase();
  const runs = history.data.runs.filter((r) => r.query.toLowerCase().includes(wanted));
  if (runs.length === 0) return <p className={styles.note}>{wanted ? "Nothing you ran matches." : "What you run is listed here, for you alone."}</p>;
  return (
    <>
      <ul aria-label="What you ran">
        {runs.map((r) => {
          const at = new Date(r.at);
          return (
            <li key={r.id} className={`${styles.row} ${styles.entry} ${styles.past}`}>
              <button type="button" className={styles.main} onClick={() => onOpen(r.query)} title={forClipboard(`${r.query.slice(0, 600)}\n\n${both(at)}${r.error ? `\n${r.error}` : ""}`)}>
                <code className="clip"><Untrusted text={gist(r.query)} /></code>
                <span className={`${styles.sub} num`}>
                  {day(at, zone) === day(now, zone) ? "" : `${day(at, zone)} `}{clock(at, zone)} · {number(r.rows)} row{r.rows === 1 ? "" : "s"} · {took(r.took_ms)}
                  {words[r.outcome] && <span className={r.outcome === "error" ? styles.failed : undefined}> · {words[r.outcome]}</span>}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <p className={styles.note}>
        {sure ? (
          <>The record of who ran what stays with the audit. <Button size="small" onClick={() => forget.mutate(undefined, { onSettled: () => setSure(false) })}>Clear it</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Keep it</Button></>
        ) : <button type="button" className="textbutton" onClick={() => setSure(true)}>Clear this list</button>}
      </p>
    </>
  );
}
