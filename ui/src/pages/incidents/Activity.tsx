import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Shows } from "../../address/incidents";
import { byDay } from "../../components/happenings";
import { ArrowSync16Regular, ArrowUndo16Regular, Briefcase16Regular, CheckmarkCircle16Regular, ClipboardTask16Regular, Comment16Regular, Delete16Regular, DocumentText16Regular, Edit16Regular, Mail16Regular, Merge16Regular, Search16Regular, ShieldCheckmark16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { useClock, useZone } from "../../time/Clock";
import { both, clock, day, year } from "../../time/zone";
import { Letters } from "./Bits";
import styles from "./Incidents.module.css";
import { Note } from "./Note";
import { useMembers, useTimeline } from "./queries";
import { nameOf, type Entry, type Incident } from "./words";

const icons: Record<Entry["kind"], ReactNode> = {
  created: <Briefcase16Regular />, changed: <Edit16Regular />, "messages added": <Mail16Regular />, "messages removed": <Mail16Regular />, "query kept": <Search16Regular />, "query dropped": <Search16Regular />,
  note: <Comment16Regular />, "note edited": <Comment16Regular />, "note removed": <Comment16Regular />, "task added": <ClipboardTask16Regular />, "task changed": <ClipboardTask16Regular />, "task done": <CheckmarkCircle16Regular />, "task removed": <ClipboardTask16Regular />,
  "action asked for": <ShieldCheckmark16Regular />, "action decided": <CheckmarkCircle16Regular />, "action over": <Delete16Regular />, "action drifted": <Warning16Regular />, merged: <Merge16Regular />, separated: <ArrowUndo16Regular />, exported: <DocumentText16Regular />,
};
const tones: Partial<Record<Entry["kind"], string>> = { "action over": "removed", "action drifted": "odd", "task done": "good", "action decided": "good" };

/** Everything that happened in an incident, newest first, with what people said between it. */
export function Activity({ of: i, show, wide }: { of: Incident; show: Shows; wide?: boolean }) {
  const zone = useZone();
  const { now } = useClock();
  const timeline = useTimeline(i, show);
  const members = useMembers(i);
  const entries = (timeline.data?.pages.flatMap((p) => p.entries) ?? []).filter((e) => show !== "notes" || (e.note && !e.note.removed));
  if (timeline.error) return <ProblemNote error={timeline.error} onRetry={() => void timeline.refetch()} />;
  if (!timeline.data) return <Skeleton className={styles.wait} aria-label="Reading what happened">{[0, 1, 2, 3].map((n) => <SkeletonItem key={n} size={32} />)}</Skeleton>;
  const days = byDay(entries, (e) => {
    const t = new Date(e.at);
    return year(t, zone) === year(now, zone) ? day(t, zone) : `${day(t, zone)} ${year(t, zone)}`;
  });
  const label = (id: string) => members.data?.incidents.find((m) => m.id === id)?.label;
  return (
    <div className={`${styles.activity} ${wide ? styles.wide : ""}`}>
      {entries.length === 0 && <p className={styles.faded}>{show === "notes" ? "Nobody has written a note yet." : "Nothing has happened yet."}</p>}
      {days.map((d) => (
        <section key={d.day} aria-label={d.day}>
          {(days.length > 1 || wide) && <h3 className="num">{d.day}</h3>}
          <ol>{d.events.map((e) => <Line key={e.seq} entry={e} of={i} from={e.incident === i.id ? undefined : (label(e.incident) ?? "a merged incident")} />)}</ol>
        </section>
      ))}
      {timeline.hasNextPage && <Button size="small" icon={<ArrowSync16Regular />} disabledFocusable={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{timeline.isFetchingNextPage ? "Reading" : "Show older"}</Button>}
    </div>
  );
}

function Line({ entry: e, of: i, from }: { entry: Entry; of: Incident; from: string | undefined }) {
  const zone = useZone();
  const evidence = useEvidence();
  const who = nameOf(e.by, e.by_name);
  const t = new Date(e.at);
  const time = <time className="num" dateTime={e.at} title={both(t)}>{clock(t, zone, true)}</time>;
  const said = e.kind === "note" && e.note;
  return (
    <li>
      {said ? <Letters name={who} /> : <span className={styles.kind} data-tone={tones[e.kind]} aria-hidden>{icons[e.kind]}</span>}
      <div>
        <p><b><bdi>{who}</bdi></b> {said ? <span className="unseen">wrote</span> : <Untrusted text={evidence(e.say)} />}{from && <span className={styles.faded}> in {from}</span>}</p>
        {said && <Note note={said} of={i} />}
        <p className={styles.when}>{time}{e.kind.startsWith("action ") && e.subject && <> · <ActionLink id={e.subject} /></>}</p>
      </div>
    </li>
  );
}

/** The page of an action. */
export function ActionLink({ id, children }: { id: string; children?: ReactNode }) {
  return <Link to={"/actions/$id" as never} params={{ id } as never}>{children ?? "the action"}</Link>;
}
