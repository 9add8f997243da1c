import { Button } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { readAudit, writeAudit, type AuditState } from "../../address/audit";
import { useAddress, useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { steps } from "../../components/Flyout";
import type { ListColumn } from "../../components/grid/ListGrid";
import { ArrowDownload16Regular } from "../../components/icons";
import { Choice, ListFrame } from "../../components/ListFrame";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import { capital } from "../../text/words";
import { When } from "../../time/When";
import { number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import { AuditFlyout } from "./AuditFlyout";
import styles from "./Audit.module.css";
import { exportLink, filterOf, useActions, useRecords, type AuditLine } from "./queries";
import { StateLine } from "./StateLine";
import { Subject } from "./Subject";
import { viaWords } from "./words";

/** Who did what, to what, when and why; and whether the log is as it was written. */
export function AuditPage() {
  const may = useMay("audit.read");
  if (!may) {
    return (
      <EmptyState alone title="You may not read the audit log" why="It needs the permission audit.read, which Security Administrators and Global Administrators have. An administrator can give you such a role.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

function useAuditAddress(): [AuditState, (c: Partial<AuditState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readAudit(address), [address]);
  return [state, (c, how) => void navigate({ to: "/audit", search: writeAudit({ ...state, ...(c.open === undefined ? { open: 0 } : {}), ...c }), replace: how?.replace ?? false })];
}

function Page() {
  const [state, change] = useAuditAddress();
  const { query } = useTimeRange();
  const filter = filterOf(state, query);
  const records = useRecords(filter);
  const actions = useActions();
  const columns = useColumns(state.open > 0);
  const rows = records.data?.pages.flatMap((p) => p.records) ?? [];
  const at = rows.findIndex((r) => r.seq === state.open);
  const narrow = (c: Partial<AuditState>) => change(c, { replace: true });
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}>
          <h1>Audit log</h1>
          <span className={styles.push} />
          <Button as="a" href={exportLink(filter)} download icon={<ArrowDownload16Regular />} title="The records below as a signed file, which tocsin audit verify checks anywhere. The export is recorded.">Export</Button>
        </header>
        <StateLine onShow={(seq) => change({ open: seq })} />
        <ListFrame
          label="Audit records"
          list={records}
          rows={rows}
          keyOf={(r) => String(r.seq)}
          columns={columns}
          onOpen={(r) => change({ open: r.seq })}
          opened={state.open > 0 ? String(state.open) : ""}
          order="newest first"
          filters={{
            on: state.operator !== "" || state.action !== "" || state.subject !== "" || state.text !== "",
            onClear: () => narrow({ operator: "", action: "", subject: "", text: "" }),
            nothing: "No record is like that in this time",
            why: "Widen the time at the top, or take filters away.",
            tools: (
              <>
                <SearchBox label="Text" value={state.text} placeholder="Any word" onChange={(text) => narrow({ text })} />
                <SearchBox label="Who" value={state.operator} placeholder="Who" onChange={(operator) => narrow({ operator })} />
                <Choice label="Action" value={state.action} options={[["", "All actions"], ...(actions.data ?? (state.action ? [state.action] : [])).map((a) => [a, capital(a)] as const)]} onChange={(action) => narrow({ action })} />
                <SearchBox label="Subject" value={state.subject} placeholder="To what" onChange={(subject) => narrow({ subject })} />
              </>
            ),
          }}
          empty={<EmptyState small title="Nothing was written down in this time" why="Every sign-in, every look into a message, every query and every change leaves a record. Choose a longer time at the top." />}
        />
      </div>
      {state.open > 0 && <AuditFlyout seq={state.open} {...steps(rows, at, records.hasNextPage, (r) => narrow({ open: r.seq }))} onClose={() => change({ open: 0 })} onPick={(c) => change(c)} />}
    </div>
  );
}

function useColumns(narrow: boolean): ListColumn<AuditLine>[] {
  const evidence = useEvidence();
  return [
    {
      key: "time", label: "Time", min: 132, grow: 0,
      cell: (r) => <When at={r.at} to="second" />,
    },
    { key: "who", label: "Who", min: 150, grow: 1.4, cell: (r) => <span className="clip" title={revealed(r.operator)}>{r.operator ? <Untrusted text={r.operator} /> : "nobody"}</span> },
    { key: "via", label: "Via", min: 108, grow: 0, from: narrow ? 1000 : 820, cell: (r) => <span className={styles.faded}>{viaWords(r.via)}</span> },
    { key: "address", label: "From", min: 116, grow: 0, from: narrow ? 1120 : 960, cell: (r) => <span className={`num clip ${styles.faded}`}><Untrusted text={r.address} /></span> },
    { key: "action", label: "Action", min: 160, grow: 0.6, cell: (r) => <b className={styles.action}>{capital(r.action)}</b> },
    { key: "subject", label: "To what", min: 150, grow: 2.4, cell: (r) => <Subject record={r} clip /> },
    { key: "reason", label: "Reason", min: 130, grow: 1.6, from: 780, cell: (r) => <span className="clip" title={revealed(r.reason)}><Untrusted text={evidence(r.reason)} /></span> },
    { key: "seq", label: "Record", min: 76, grow: 0, numeric: true, from: narrow ? 1180 : 900, cell: (r) => <span className={`num ${styles.faded}`}>{number(r.seq)}</span> },
  ];
}
