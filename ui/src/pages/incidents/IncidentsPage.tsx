import { Button } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { filtered, open, type Sort } from "../../address/incidents";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { Add16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useMay } from "../../session/queries";
import { useNow } from "../../time/Clock";
import { both, lag, number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import { Severity } from "../rules/Severity";
import { useAddToIncident } from "./AddProvider";
import { Due, Owner, StatusWord, Tags } from "./Bits";
import { BulkBar } from "./BulkBar";
import { Filters } from "./Filters";
import styles from "./Incidents.module.css";
import { useCounts, useIncidents } from "./queries";
import { useIncidentsAddress } from "./useIncidents";
import type { Incident } from "./words";

/** Cases that people keep: what is open, whose it is, and how long there is. */
export function IncidentsPage() {
  const may = useMay("incident.read");
  if (!may) {
    return (
      <EmptyState alone title="You may not see incidents" why="It needs the permission incident.read, which every security role has. An administrator can give you one.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

function Page() {
  const [state, change] = useIncidentsAddress();
  const navigate = useNavigate();
  const list = useIncidents(state);
  const counts = useCounts(state);
  const work = useMay("incident.work");
  const add = useAddToIncident();
  const columns = useColumns();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const rows = list.data?.pages.flatMap((p) => p.incidents) ?? [];
  const total = list.data?.pages[0]?.total ?? -1;
  const narrowed = filtered(state);
  // Another filter, another selection: nothing is changed that is out of sight.
  const filter = JSON.stringify({ ...state, sort: "", desc: false });
  useEffect(() => setPicked(new Set()), [filter]);
  const clear = () => change({ status: open, severity: [], owner: "", tag: "", classification: "", overdue: false, mine: false, mentioning: false, merged: false, text: "" });
  const fresh = () => add();
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Incidents</h1>
        <SearchBox label="Text" value={state.text} placeholder="Number, name, words, tag" onChange={(text) => change({ text })} />
        <span className={styles.push} />
        {work && <Button appearance="primary" icon={<Add16Regular />} onClick={fresh}>New incident</Button>}
      </header>
      <section className={`card ${styles.listcard}`} aria-label="List of incidents">
        <Filters state={state} change={change} counts={counts.data} narrowed={narrowed} onClear={clear} />
        {picked.size > 0 && work && <BulkBar picked={rows.filter((r) => picked.has(r.id))} onDone={() => setPicked(new Set())} />}
        {list.error ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : (
          <ListGrid
            label="Incidents"
            rows={rows}
            keyOf={(i) => i.id}
            columns={columns}
            total={total}
            more={list.hasNextPage}
            loading={list.isLoading || list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
            onOpen={(i) => void navigate({ to: "/incidents/$id", params: { id: String(i.number) } })}
            rowHeight={38}
            sort={{ by: state.sort, desc: state.desc, onSort: (by, desc) => change({ sort: by as Sort, desc: by === state.sort ? desc : greatestFirst.includes(by) }) }}
            picking={work ? { picked, all: false, onPick: setPicked } : undefined}
            empty={narrowed ? (
              <EmptyState small title="No incident is like that" why="Nothing that is kept fits these filters.">
                <Button onClick={clear}>Show open incidents</Button>
                <Button onClick={() => change({ ...state, status: [], severity: [], owner: "", tag: "", classification: "", overdue: false, mine: false, mentioning: false, text: "" })}>Show all, closed ones too</Button>
              </EmptyState>
            ) : (
              <EmptyState small title="No incident is open" why={<>An incident keeps mail that belongs together, who works on it, what was said and done, and how long there is. Select mail in Explorer and choose <b>Add to incident</b>, or open one without mail.{!work && " To open one you need the permission incident.work, which Security Operators have."}</>}>
                {work && <Button appearance="primary" icon={<Add16Regular />} onClick={fresh}>New incident</Button>}
                <Button onClick={() => void navigate({ to: "/explorer", search: { view: "phish" } })}>Look for phish in Explorer</Button>
                <Button onClick={() => change({ status: ["Resolved"] })}>Show resolved ones</Button>
              </EmptyState>
            )}
            foot={(first, last) => <span className="num">{number(first)}–{number(last)} of <b>{number(Math.max(total, last))}</b>{list.hasNextPage && " · scroll for more"}</span>}
          />
        )}
      </section>
    </div>
  );
}

/** What is clicked first for the greatest: the newest, the gravest, the largest. */
const greatestFirst = ["number", "severity", "messages", "updated"];

function useColumns(): ListColumn<Incident>[] {
  const now = useNow(60);
  return [
    { key: "number", label: "Number", min: 92, grow: 0, sort: "number", cell: (i) => <span className={`num ${styles.faded}`}>{i.label}</span> },
    {
      key: "name", label: "Name", min: 180, grow: 3, sort: "name",
      cell: (i) => (
        <span className={styles.named}>
          <Link to="/incidents/$id" params={{ id: String(i.number) }} tabIndex={-1} className={`clip ${styles.name}`} title={i.name}><bdi>{i.name}</bdi></Link>
          <Tags tags={i.tags} most={1} />
        </span>
      ),
    },
    { key: "severity", label: "Severity", min: 112, grow: 0, sort: "severity", cell: (i) => <Severity value={i.severity.toLowerCase()} /> },
    { key: "status", label: "Status", min: 108, grow: 0, from: 620, sort: "status", cell: (i) => <StatusWord value={i.status} /> },
    { key: "due", label: "Clock", min: 176, grow: 0.3, sort: "due", cell: (i) => <Due of={i} /> },
    { key: "owner", label: "Owner", min: 128, grow: 0.7, from: 800, sort: "owner", cell: (i) => <Owner of={i} /> },
    { key: "messages", label: "Email events", min: 96, grow: 0, numeric: true, from: 880, sort: "messages", cell: (i) => <span className="num">{number(i.messages)}</span> },
    { key: "people", label: "People", min: 72, grow: 0, numeric: true, from: 1080, cell: (i) => <span className="num">{number(i.people)}</span> },
    { key: "updated", label: "Changed", min: 92, grow: 0, from: 980, sort: "updated", cell: (i) => <time className={`num ${styles.faded}`} dateTime={i.updated} title={both(new Date(i.updated))}>{lag(Math.max(0, (now.getTime() - Date.parse(i.updated)) / 1000))} ago</time> },
  ];
}
