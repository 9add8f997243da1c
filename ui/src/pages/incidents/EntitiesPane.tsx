import { Link } from "@tanstack/react-router";
import { entityKinds, type EntityKind } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { revealed } from "../../text/reveal";
import { useValueEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import { entityWords, fieldOf } from "./entities";
import styles from "./Incidents.module.css";
import { useThings } from "./queries";
import type { Incident } from "./words";

type Thing = Schemas["IncidentThing"];

/** People, links, files, addresses and whatever else the mail of an incident has; each is a value with its menu. */
export function EntitiesPane({ of: i, kind, summary, onKind, onPerson }: { of: Incident; kind: EntityKind; summary: Schemas["IncidentSummary"] | undefined; onKind: (k: EntityKind) => void; onPerson: (address: string) => void }) {
  const things = useThings(i, kind);
  const columns = useColumns(kind);
  const rows = things.data?.pages.flatMap((p) => p.top) ?? [];
  const total = things.data?.pages[0]?.total ?? -1;
  const count = (k: EntityKind) => summary?.entities.find((e) => e.kind === k);
  return (
    <section className={`card ${styles.maillist}`} aria-label="Entities">
      <div className={styles.kinds} role="group" aria-label="Kind">
        {entityKinds.map((k) => {
          const n = count(k);
          return <button key={k} type="button" aria-pressed={k === kind} onClick={() => onKind(k)}>{entityWords[k].name}{n && <b className="num">{number(n.total)}{n.more && "+"}</b>}</button>;
        })}
      </div>
      {things.error ? <ProblemNote error={things.error} onRetry={() => void things.refetch()} /> : (
        <ListGrid
          key={kind}
          label={entityWords[kind].name}
          rows={rows}
          keyOf={(t) => t.value}
          columns={columns}
          total={total}
          more={things.hasNextPage}
          loading={things.isLoading || things.isFetchingNextPage}
          onMore={() => void things.fetchNextPage()}
          onOpen={kind === "recipient" ? (t) => onPerson(t.value) : undefined}
          empty={<EmptyState small title={`No ${entityWords[kind].name.toLowerCase()}`} why={i.messages === 0 ? "There is no mail in the incident yet." : "Nothing of this kind is in its mail."} />}
          foot={(first, last) => <span className="num">{number(first)}–{number(last)} of <b>{number(Math.max(total, last))}</b>{things.data?.pages[0]?.more && " and more than Tocsin counts"}, most email events first</span>}
        />
      )}
    </section>
  );
}

function useColumns(kind: EntityKind): ListColumn<Thing>[] {
  const evidence = useValueEvidence();
  const zone = useZone();
  const when = (s: string | null) => s && <time className={`num ${styles.faded}`} dateTime={s} title={both(new Date(s))}>{day(new Date(s), zone)} {clock(new Date(s), zone)}</time>;
  const field = (t: Thing) => fieldOf(kind, t.value);
  const mono = kind !== "subject" && kind !== "technology" && kind !== "threat" && kind !== "recipient" && kind !== "campaign";
  return [
    {
      key: "value", label: entityWords[kind].one, min: 200, grow: 3, value: (t) => ({ field: field(t), value: t.value }),
      cell: (t) => <>{t.priority && <span title="Priority account" className={styles.star}><Star12Filled aria-hidden /><span className="unseen">priority account </span></span>}<span className={`clip ${mono ? "mono" : ""}`} title={revealed(evidence(field(t), t.value))}>{kind === "campaign" && t.label ? <Untrusted text={t.label} /> : t.value === "" ? <i>(empty)</i> : <Untrusted text={evidence(field(t), t.value)} spelling />}</span></>,
    },
    ...(kind === "file" || kind === "sender" ? [{
      key: "label", label: kind === "file" ? "File name" : "Name", min: 120, grow: 1.6, from: 560,
      cell: (t: Thing) => <span className="clip" title={revealed(t.label)}><Untrusted text={t.label} /></span>,
    }] : []),
    { key: "events", label: "Email events", min: 96, grow: 0, numeric: true, cell: (t) => <b className="num">{number(t.events)}</b> },
    { key: "messages", label: "Messages", min: 84, grow: 0, numeric: true, from: 640, cell: (t) => <span className="num">{number(t.messages)}</span> },
    { key: "still", label: "In mailboxes", min: 92, grow: 0, numeric: true, cell: (t) => <span className={`num ${t.still === 0 ? styles.faded : ""}`}>{number(t.still)}</span> },
    { key: "first", label: "First", min: 104, grow: 0, from: 900, cell: (t) => when(t.first) },
    { key: "last", label: "Last", min: 104, grow: 0, from: 720, cell: (t) => when(t.last) },
    ...(kind === "campaign" ? [{ key: "open", label: "Campaign", min: 110, grow: 0, cell: (t: Thing) => <Link to="/campaigns/$id" params={{ id: t.value }}>Open campaign</Link> }] : []),
    ...(kind === "recipient" ? [{ key: "mail", label: "Mail", min: 84, grow: 0, from: 600, cell: () => <span className={styles.link}>Their mail</span> }] : []),
  ];
}
