import { Button } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { readSubmissions, results, stages, types, writeSubmissions, type Stage, type SubmissionsState } from "../../address/submissions";
import { useAddress, useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { steps } from "../../components/Flyout";
import type { ListColumn } from "../../components/grid/ListGrid";
import { Flag16Regular, People16Regular, Warning16Regular } from "../../components/icons";
import { Choice, ListFrame, words } from "../../components/ListFrame";
import { Segments } from "../../components/Segments";
import { TabBar, type Tab } from "../../components/TabBar";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence, useValueEvidence } from "../../text/useEvidence";
import { When } from "../../time/When";
import { number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import { AnswersPane } from "./AnswersPane";
import { FiguresPane } from "./FiguresPane";
import { useAnswers, useSubmissions, type Submission } from "./queries";
import { SubmissionFlyout } from "./SubmissionFlyout";
import styles from "./Submissions.module.css";
import { matchWords, stateWords } from "./words";

/** What users report, who looks at it, and what came of it. */
export function SubmissionsPage() {
  const may = useMay("submission.read");
  if (!may) {
    return (
      <EmptyState alone title="You may not see what users report" why="It needs the permission submission.read, which Security Readers and the roles above have. An administrator can give you such a role.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

type Change = (c: Partial<SubmissionsState>, how?: { replace?: boolean }) => void;

function useSubmissionsAddress(): [SubmissionsState, Change] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readSubmissions(address), [address]);
  return [state, (c, how) => void navigate({ to: "/submissions", search: writeSubmissions({ ...state, ...(c.open === undefined ? { open: "" } : {}), ...c }), replace: how?.replace ?? false })];
}

const tabs: readonly Tab<SubmissionsState["part"]>[] = [{ key: "queue", label: "Reports" }, { key: "figures", label: "Figures" }, { key: "answers", label: "Answers" }];

function Page() {
  const [state, change] = useSubmissionsAddress();
  const { query } = useTimeRange();
  const list = useSubmissions(state, query);
  const rows = list.data?.pages.flatMap((p) => p.submissions) ?? [];
  const at = rows.findIndex((r) => r.id === state.open);
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}>
          <h1>Submissions</h1>
          <TabBar id="submissions" label="Parts of submissions" tabs={tabs} value={state.part} onChange={(part) => change({ part })} />
        </header>
        <div role="tabpanel" id="submissions-panel" aria-labelledby={`submissions-${state.part}`} className={styles.panel}>
          {state.part === "queue" ? <Queue state={state} change={change} list={list} rows={rows} /> : state.part === "figures" ? <FiguresPane split={state.split} onSplit={(split) => change({ split }, { replace: true })} onReporter={(reporter) => change({ part: "queue", stage: "all", reporter })} /> : <AnswersPane />}
        </div>
      </div>
      {state.open !== "" && <SubmissionFlyout id={state.open} {...steps(rows, at, list.hasNextPage, (r) => change({ open: r.id }, { replace: true }))} onClose={() => change({ open: "" })} />}
    </div>
  );
}

const stageNames: Record<Stage, string> = { waiting: "Waiting", New: "New", "In triage": "In triage", Closed: "Closed", all: "All" };

function Queue({ state, change, list, rows }: { state: SubmissionsState; change: Change; list: ReturnType<typeof useSubmissions>; rows: readonly Submission[] }) {
  const columns = useColumns(state.open !== "");
  const counts = list.data?.pages[0]?.states ?? {};
  const waiting = (counts["New"] ?? 0) + (counts["In triage"] ?? 0);
  const count = (s: Stage) => (s === "all" || !list.data ? undefined : s === "waiting" ? waiting : counts[s] ?? 0);
  const narrow = (c: Partial<SubmissionsState>) => change(c, { replace: true });
  const options = stages.map((s) => [s, `${stageNames[s]}${count(s) === undefined ? "" : ` ${number(count(s)!)}`}`] as const);
  return (
    <ListFrame
      label="Submissions"
      list={list}
      rows={rows}
      keyOf={(r) => r.id}
      columns={columns}
      onOpen={(r) => change({ open: r.id })}
      opened={state.open}
      order="the last report first"
      filters={{
        on: state.type !== "" || state.result !== "" || state.owner !== "" || state.text !== "" || state.reporter !== "",
        onClear: () => narrow({ type: "", result: "", owner: "", text: "", reporter: "" }),
        nothing: "No submission is like that",
        why: "Take filters away, or choose another state.",
        tools: (
          <>
            <Segments label="State" options={options} value={state.stage} onChange={(stage) => narrow({ stage })} />
            <SearchBox label="Subject or sender" value={state.text} placeholder="Subject or sender" onChange={(text) => narrow({ text })} />
            <SearchBox label="Reporter" value={state.reporter} placeholder="Reporter" onChange={(reporter) => narrow({ reporter })} />
            <Choice label="Reported as" value={state.type} options={words("All types", types)} onChange={(type) => narrow({ type })} />
            {(state.stage === "Closed" || state.stage === "all") && <Choice label="Result" value={state.result} options={words("All results", results)} onChange={(result) => narrow({ result })} />}
            <Choice label="Owner" value={state.owner} options={[["", "All owners"], ["me", "Mine"], ["none", "Nobody's"]]} onChange={(owner) => narrow({ owner })} />
          </>
        ),
      }}
      empty={<Nothing state={state} any={waiting + (counts["Closed"] ?? 0) > 0} change={change} />}
    />
  );
}

/** Nothing reported, nothing that waits and nothing set up are three things. */
function Nothing({ state, any, change }: { state: SubmissionsState; any: boolean; change: Change }) {
  const setUp = useAnswers().data;
  if (any) {
    return state.stage === "Closed" || state.stage === "all"
      ? <EmptyState small title="None was reported or closed in this time" why="Choose a longer time at the top." />
      : <EmptyState small title="Nothing waits" why="Every report was looked at."><Button onClick={() => change({ stage: "Closed" })}>Show the closed ones</Button></EmptyState>;
  }
  const ways = [setUp?.address ? <>Users forward mail to <b>{setUp.address}</b></> : null, (setUp?.folders?.length ?? 0) > 0 ? <>Users move mail into the folder <b>{setUp!.folders!.join(", ")}</b></> : null].filter((w) => w !== null);
  return (
    <EmptyState small title="Nobody reported mail yet" why={ways.length > 0 ? <>{ways.map((w, i) => <span key={i}>{w}. </span>)}What they report stands here within seconds.</> : "No address and no folder for reports is set up. Set submissions.address or submissions.folders in the settings file; the guide page on submissions says how."} />
  );
}

function useColumns(narrow: boolean): ListColumn<Submission>[] {
  const evidence = useEvidence();
  const value = useValueEvidence();
  return [
    {
      key: "time", label: "Last report", min: 116, grow: 0,
      cell: (r) => <When at={r.updated} />,
    },
    { key: "type", label: "Reported as", min: 92, grow: 0, cell: (r) => r.type },
    { key: "subject", label: "Subject", min: 170, grow: 2.2, cell: (r) => <b className={`clip ${styles.subject}`} title={revealed(r.subject)}>{r.subject === "" ? <i>(no subject)</i> : <Untrusted text={evidence(r.subject)} />}</b> },
    { key: "sender", label: "Sender", min: 150, grow: 1.4, from: narrow ? 980 : 700, value: (r) => (r.sender ? { field: "SenderFromAddress", value: r.sender } : undefined), cell: (r) => <span className="clip" data-value title={revealed(r.sender || r.sender_name)}><Untrusted text={r.sender ? value("SenderFromAddress", r.sender) : r.sender_name} spelling /></span> },
    {
      key: "reporters", label: "Reporters", min: 84, grow: 0,
      cell: (r) => <span className={styles.people} title={r.unproven > 0 ? `${number(r.unproven)} of ${number(r.reports)} reports: sender not proven` : `${number(r.reports)} reports`}><People16Regular aria-hidden /><span className="num">{number(r.reporters)}</span>{r.unproven > 0 && <Warning16Regular className={styles.odd} aria-label="with a sender that is not proven" />}</span>,
    },
    { key: "match", label: "Delivered mail", min: 104, grow: 0, from: narrow ? 1100 : 860, cell: (r) => <span className={r.match === "None" ? styles.faded : ""} title={r.how}>{matchWords(r)}</span> },
    { key: "verdict", label: "Tocsin says", min: 112, grow: 0.4, cell: (r) => (r.verdict.at ? <VerdictBadge types={r.verdict.threat_types.join(", ")} confidence="" /> : <span className={styles.faded}>Not judged</span>) },
    { key: "state", label: "State", min: 96, grow: 0, cell: (r) => <span className={r.state === "New" ? styles.fresh : ""}>{r.state === "New" && <Flag16Regular aria-hidden />}{stateWords(r)}</span> },
    { key: "owner", label: "Owner", min: 120, grow: 0.6, from: narrow ? 1160 : 1040, cell: (r) => <span className={`clip ${styles.faded}`} title={r.owner}>{r.owner}</span> },
  ];
}
