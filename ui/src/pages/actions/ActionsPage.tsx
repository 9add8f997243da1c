import { Button, Checkbox } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { readActions, writeActions, type ActionsState, type ActionTab } from "../../address/actions";
import { writeRange } from "../../address/range";
import { useAddress, useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import type { ListColumn } from "../../components/grid/ListGrid";
import { ShieldTask20Regular } from "../../components/icons";
import { Choice, ListFrame, words } from "../../components/ListFrame";
import { TabBar, type Tab } from "../../components/TabBar";
import { Untrusted } from "../../components/Untrusted";
import { useMay, useOperator } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import { When } from "../../time/When";
import { number } from "../../time/zone";
import styles from "./Actions.module.css";
import { MessagesPane } from "./MessagesPane";
import { useActions, useWaiting, type ActionFilter } from "./queries";
import { StateWord } from "./States";
import { iconOf, kinds, whyNoAnswer, type Action } from "./words";

/** Everything that was asked for: what waits for somebody, what is at work, and what was. */
export function ActionsPage() {
  const may = useMay("action.read");
  if (!may) {
    return (
      <EmptyState alone small title="You may not see actions" why="It needs the permission action.read, which every security role has. An administrator can give you one.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

function useActionsAddress(): [ActionsState, (c: Partial<ActionsState>) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const state = useMemo(() => readActions(address), [address]);
  return [state, (c) => void navigate({ to: "/actions", search: { ...writeRange(range), ...writeActions({ ...state, ...c }) }, replace: c.tab === undefined })];
}

const states: Record<ActionTab, ActionFilter["state"]> = { waiting: "waiting", running: "running", history: "over", messages: "over" };

function Page() {
  const [state, change] = useActionsAddress();
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const waiting = useWaiting();
  const list = useActions({ state: states[state.tab], kind: state.kind, mine: state.mine });
  const rows = list.data?.pages.flatMap((p) => p.actions) ?? [];
  const columns = useColumns(state.tab);
  const tabs: Tab<ActionTab>[] = [
    { key: "waiting", label: "Waiting for approval", count: waiting > 0 ? waiting : undefined },
    { key: "running", label: "Running" },
    { key: "history", label: "History" },
    { key: "messages", label: "Messages" },
  ];
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <h1>Actions</h1>
        <span className={styles.push} />
        <Button appearance="subtle" icon={<ShieldTask20Regular />} onClick={() => void navigate({ to: "/approvals", search: writeRange(range) as never })}>Who has to approve</Button>
      </header>
      <TabBar id="actions" label="Actions" tabs={tabs} value={state.tab} onChange={(tab) => change({ tab })} />
      <div role="tabpanel" id="actions-panel" aria-labelledby={`actions-${state.tab}`} className={styles.panel}>
        {state.tab === "waiting" && waiting > 0 && <p className={styles.answer}><b>{number(waiting)}</b> {waiting === 1 ? "request waits" : "requests wait"} for your answer.</p>}
        {state.tab === "messages" ? <MessagesPane /> : (
          <ListFrame
            label="Actions"
            list={list}
            rows={rows}
            keyOf={(a) => a.id}
            columns={columns}
            onOpen={(a) => void navigate({ to: "/actions/$id", params: { id: a.id }, search: writeRange(range) as never })}
            order="newest first"
            filters={{
              on: state.kind !== "" || state.mine,
              onClear: () => change({ kind: "", mine: false }),
              nothing: "No action is like that",
              why: "Take filters away, or look in another tab.",
              tools: (
                <>
                  <Choice label="Kind" value={state.kind} options={words("All kinds", [...kinds.map((k) => k.kind), "Undo"])} onChange={(kind) => change({ kind })} />
                  <Checkbox size="medium" label="Only mine" checked={state.mine} onChange={(_, d) => change({ mine: d.checked === true })} />
                </>
              ),
            }}
            empty={<Nothing tab={state.tab} />}
          />
        )}
      </div>
    </div>
  );
}

function Nothing({ tab }: { tab: ActionTab }) {
  const words: Record<ActionTab, [string, string]> = {
    waiting: ["Nothing waits for approval", "What touches many mailboxes or priority accounts, or cannot be undone, waits here for a second person."],
    running: ["Nothing is at work", "An action that runs shows here how far it is, mailbox by mailbox."],
    messages: ["", ""],
    history: ["No mail was touched yet", "Pick messages in Explorer and choose Take action. What was done stands here, with its receipts and its undo."],
  };
  return <EmptyState small title={words[tab][0]} why={words[tab][1]}>{tab === "history" && <Link to="/explorer">Open Explorer</Link>}</EmptyState>;
}

function useColumns(tab: ActionTab): ListColumn<Action>[] {
  const evidence = useEvidence();
  const { operator } = useOperator();
  const may = useMay("action.approve");
  const c: Record<string, ListColumn<Action>> = {
    time: { key: "time", label: tab === "history" ? "Asked for" : "Since", min: 104, grow: 0, cell: (a) => <When at={a.created} /> },
    kind: {
      key: "kind", label: "What", min: 172, grow: 0.4,
      cell: (a) => {
        const Icon = iconOf(a.kind);
        return <span className={styles.kind}><Icon aria-hidden />{a.kind}</span>;
      },
    },
    name: { key: "name", label: "Name", min: 140, grow: 1.6, cell: (a) => <b className={`clip ${styles.name}`} title={revealed(a.name)}><Untrusted text={evidence(a.name)} /></b> },
    state: { key: "state", label: "State", min: 152, grow: 0, cell: (a) => <StateWord action={a} /> },
    by: { key: "by", label: "Asked for by", min: 140, grow: 1, from: 820, cell: (a) => <span className="clip"><Untrusted text={a.by} /></span> },
    boxes: { key: "boxes", label: "Mailboxes", min: 84, grow: 0, numeric: true, cell: (a) => <span className="num">{number(a.counts.mailboxes)}</span> },
    events: { key: "events", label: "Events", min: 72, grow: 0, numeric: true, from: 900, cell: (a) => <span className="num">{number(a.counts.targets)}</span> },
    done: { key: "done", label: "Done", min: 64, grow: 0, numeric: true, cell: (a) => <span className="num">{number(a.counts.done)}</span> },
    failed: { key: "failed", label: "Failed", min: 64, grow: 0, numeric: true, from: 700, cell: (a) => <span className={`num ${a.counts.failed > 0 ? styles.badnumber : styles.faded}`}>{number(a.counts.failed)}</span> },
    drift: { key: "drift", label: "Drifted", min: 68, grow: 0, numeric: true, from: 980, cell: (a) => <span className={`num ${a.counts.drifted > 0 ? styles.oddnumber : styles.faded}`}>{number(a.counts.drifted)}</span> },
    reason: { key: "reason", label: "Reason", min: 140, grow: 1.4, from: 1000, cell: (a) => <span className="clip" title={revealed(a.reason)}><Untrusted text={evidence(a.reason)} /></span> },
    bar: { key: "bar", label: "How far", min: 140, grow: 0.6, cell: (a) => <span className={styles.far}><i><i style={{ width: `${Math.round(a.progress * 100)}%` }} /></i><span className="num">{Math.floor(a.progress * 100)} %</span></span> },
    answer: { key: "answer", label: "Your answer", min: 150, grow: 0.5, cell: (a) => (a.may_approve ? <b className={styles.mine}>Wanted</b> : <span className={`clip ${styles.faded}`} title={whyNoAnswer(a, operator.email, may)}>{a.mine ? "Your own request" : a.approvals.some((x) => x.by === operator.email) ? "Given" : "Not yours to give"}</span>) },
    needs: { key: "needs", label: "Approvals", min: 84, grow: 0, from: 760, cell: (a) => <span className="num">{a.approvals.filter((x) => x.yes).length} of {a.needs}</span> },
    expires: { key: "expires", label: "Expires", min: 104, grow: 0, from: 860, cell: (a) => a.expires && <When at={a.expires} /> },
  };
  const shown: Record<ActionTab, string[]> = {
    waiting: ["time", "kind", "name", "by", "boxes", "needs", "expires", "answer"],
    running: ["time", "kind", "name", "state", "by", "boxes", "bar", "failed"],
    messages: [],
    history: ["time", "kind", "name", "state", "by", "reason", "boxes", "events", "done", "failed", "drift"],
  };
  return shown[tab].map((k) => c[k]!);
}
