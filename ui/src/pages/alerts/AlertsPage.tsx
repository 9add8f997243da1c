import { Button } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { alertStages, readAlerts, severities, writeAlerts, type AlertStage, type AlertsState } from "../../address/alerts";
import { useAddress, useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { steps } from "../../components/Flyout";
import type { ListColumn } from "../../components/grid/ListGrid";
import { Alert16Regular, ArrowDown12Regular } from "../../components/icons";
import { Choice, ListFrame, words } from "../../components/ListFrame";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import { When } from "../../time/When";
import { both, number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import { Severity } from "../rules/Severity";
import { AlertFlyout } from "./AlertFlyout";
import styles from "./Alerts.module.css";
import { useAlerts, type Alert } from "./queries";

/** What was found and asks for a person. */
export function AlertsPage() {
  const may = useMay("alert.read");
  if (!may) {
    return (
      <EmptyState alone title="You may not see alerts" why="It needs the permission alert.read, which Security Readers and the roles above have. An administrator can give you such a role.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

type Change = (c: Partial<AlertsState>, how?: { replace?: boolean }) => void;

function useAlertsAddress(): [AlertsState, Change] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readAlerts(address), [address]);
  return [state, (c, how) => void navigate({ to: "/alerts", search: writeAlerts({ ...state, ...(c.open === undefined ? { open: "" } : {}), ...c }), replace: how?.replace ?? false })];
}

const stageNames: Record<AlertStage, string> = { open: "Open", New: "New", "In progress": "In progress", Resolved: "Resolved", all: "All" };

function Page() {
  const [state, change] = useAlertsAddress();
  const { query } = useTimeRange();
  const list = useAlerts(state, query);
  const rows = list.data?.pages.flatMap((p) => p.alerts) ?? [];
  const at = rows.findIndex((r) => r.id === state.open);
  const narrow = (c: Partial<AlertsState>) => change(c, { replace: true });
  const columns = useColumns(state.open !== "");
  const counts = list.data?.pages[0]?.statuses;
  const count = (s: AlertStage) => (s === "all" || !counts ? undefined : s === "open" ? (counts["New"] ?? 0) + (counts["In progress"] ?? 0) : (counts[s] ?? 0));
  const options = alertStages.map((s) => [s, `${stageNames[s]}${count(s) === undefined ? "" : ` ${number(count(s)!)}`}`] as const);
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}><h1>Alerts</h1></header>
        <ListFrame
          label="Alerts"
          list={list}
          rows={rows}
          keyOf={(r) => r.id}
          columns={columns}
          onOpen={(r) => change({ open: r.id })}
          opened={state.open}
          order="the newest first"
          filters={{
            on: state.severity !== "" || state.owner !== "" || state.text !== "",
            onClear: () => narrow({ severity: "", owner: "", text: "" }),
            nothing: "No alert is like that",
            why: "Take filters away, or choose another status.",
            tools: (
              <>
                <Segments label="Status" options={options} value={state.stage} onChange={(stage) => narrow({ stage })} />
                <SearchBox label="Title or reason" value={state.text} placeholder="Title or reason" onChange={(text) => narrow({ text })} />
                <Choice label="Severity" value={state.severity} options={words("All severities", severities)} onChange={(severity) => narrow({ severity })} />
                <Choice label="Owner" value={state.owner} options={[["", "All owners"], ["me", "Mine"], ["none", "Nobody's"]]} onChange={(owner) => narrow({ owner })} />
              </>
            ),
          }}
          empty={<Nothing state={state} any={counts !== undefined && Object.values(counts).some((n) => n > 0)} change={change} />}
        />
      </div>
      {state.open !== "" && <AlertFlyout id={state.open} {...steps(rows, at, list.hasNextPage, (r) => narrow({ open: r.id }))} onClose={() => change({ open: "" })} />}
    </div>
  );
}

/** Nothing raised and nothing open are two things. */
function Nothing({ state, any, change }: { state: AlertsState; any: boolean; change: Change }) {
  if (any) {
    return state.stage === "Resolved" || state.stage === "all"
      ? <EmptyState small title="No alert was raised in this time" why="Choose a longer time at the top." />
      : <EmptyState small title="No alert is open" why="Every alert was resolved."><Button onClick={() => change({ stage: "Resolved", range: { last: "all" } })}>Show the resolved ones</Button></EmptyState>;
  }
  return (
    <EmptyState small title="Nothing raised an alert yet" why="Tracked queries raise alerts when they are over a threshold, retro-hunts when they find something.">
      <Link to="/intelligence/trackers" search={{ tab: "tracked" } as never}>Track a query</Link>
    </EmptyState>
  );
}

function useColumns(narrow: boolean): ListColumn<Alert>[] {
  const evidence = useEvidence();
  return [
    {
      key: "time", label: "Raised", min: 116, grow: 0,
      cell: (r) => <When at={r.time} />,
    },
    { key: "severity", label: "Severity", min: 112, grow: 0, cell: (r) => <Severity value={r.severity.toLowerCase()} /> },
    { key: "title", label: "Alert", min: 220, grow: 3, cell: (r) => <b className={`clip ${styles.subject}`} title={revealed(r.title)}><Untrusted text={evidence(r.title)} /></b> },
    { key: "source", label: "Raised by", min: 110, grow: 0.6, from: narrow ? 900 : 700, cell: (r) => <span className={`clip ${styles.faded}`}>{r.source}</span> },
    { key: "count", label: "Found", min: 76, grow: 0, numeric: true, cell: (r) => <span className="num">{number(r.count)}</span> },
    { key: "times", label: "Raised times", min: 108, grow: 0, from: narrow ? 1100 : 940, cell: (r) => <span className="num">{number(r.times)}{r.fell && <span className={styles.fell} title={`No longer so since ${both(new Date(r.fell))}`}><ArrowDown12Regular aria-hidden />fell</span>}</span> },
    { key: "status", label: "Status", min: 100, grow: 0, cell: (r) => <span className={r.status === "New" ? styles.fresh : ""}>{r.status === "New" && <Alert16Regular aria-hidden />}{r.status}</span> },
    { key: "owner", label: "Owner", min: 130, grow: 0.6, from: narrow ? 1000 : 860, cell: (r) => <span className={`clip ${styles.faded}`} title={r.owner}>{r.owner}</span> },
  ];
}
