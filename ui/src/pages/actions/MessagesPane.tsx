import { useInfiniteQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { CheckmarkCircle16Regular, Clock16Regular, DismissCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { revealed } from "../../text/reveal";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import styles from "./Actions.module.css";

type Letter = Schemas["LetterLine"];

/** What operators wrote to the recipients of mail, one row a person. */
export function MessagesPane() {
  const zone = useZone();
  const list = useInfiniteQuery({
    queryKey: ["messages"],
    initialPageParam: "",
    refetchInterval: 15_000,
    queryFn: ({ signal, pageParam }) => ask<Schemas["LetterPage"]>(api.GET("/messages", { params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
  });
  const rows = list.data?.pages.flatMap((p) => p.letters) ?? [];
  const time = (at: string) => <time className="num" dateTime={at} title={both(new Date(at))}>{day(new Date(at), zone)}, {clock(new Date(at), zone)}</time>;
  const columns: ListColumn<Letter>[] = [
    { key: "made", label: "Written", min: 110, grow: 0, cell: (l) => time(l.made) },
    { key: "to", label: "To", min: 180, grow: 1, cell: (l) => <span className="clip"><Untrusted text={l.to} /></span> },
    { key: "subject", label: "Subject", min: 160, grow: 1.4, cell: (l) => <b className={`clip ${styles.name}`} title={revealed(l.subject)}><Untrusted text={l.subject} /></b> },
    { key: "state", label: "State", min: 104, grow: 0, cell: (l) => <span className={`${styles.word} ${l.state === "Sent" ? styles.good : l.state === "Refused" ? styles.bad : ""}`}>{l.state === "Sent" ? <CheckmarkCircle16Regular aria-hidden /> : l.state === "Refused" ? <DismissCircle16Regular aria-hidden /> : <Clock16Regular aria-hidden />}{l.state}</span> },
    { key: "error", label: "What the mail server said", min: 160, grow: 1.2, from: 800, cell: (l) => <span className="clip" title={revealed(l.error)}><Untrusted text={l.error} /></span> },
    { key: "ended", label: "Ended", min: 110, grow: 0, from: 900, cell: (l) => l.ended && time(l.ended) },
  ];
  return (
    <section className={`card ${styles.listcard}`} aria-label="Messages to recipients">
      {list.error ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : (
        <ListGrid
          label="Messages to recipients"
          rows={rows}
          keyOf={(l) => l.id}
          columns={columns}
          total={list.hasNextPage || !list.data ? -1 : rows.length}
          more={list.hasNextPage}
          loading={list.isLoading || list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
          empty={<EmptyState small title="No message was sent to recipients" why="Pick mail in Explorer, choose Take action, Send a message to recipients. What was sent stands here for 90 days." />}
          foot={(first, last) => <span className="num">{number(first)}–{number(last)}{list.hasNextPage ? " and more" : <> of <b>{number(rows.length)}</b></>}, newest first</span>}
        />
      )}
    </section>
  );
}
