import { Button, Select } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { entryKinds, type EntryKind } from "../../address/policy";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { Add16Regular, CheckmarkCircle16Regular, Prohibited16Regular, Search16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useValueEvidence } from "../../text/useEvidence";
import { useClock } from "../../time/Clock";
import { When } from "../../time/When";
import { both, number } from "../../time/zone";
import { useEntryDialog } from "./EntryDialogProvider";
import { expiryWords, kindWords, type Action, type Entry } from "./entries";
import { EntrySheet } from "./EntrySheet";
import styles from "./Policy.module.css";
import { useEntries } from "./queries";
import { ReadOnly } from "./ReadOnly";

const fieldOf: Record<EntryKind, string> = { sender: "SenderFromAddress", domain: "SenderFromDomain", ip: "SenderIPv4", url: "Url", file: "SHA256" };

/** The organisation's allow and block list. */
export function EntriesPane() {
  const [state, change] = usePolicyAddress();
  const { search, kind, action, state: life } = state;
  const entries = useEntries({ search, kind, action, state: life });
  const block = useMay("policy.block"), edit = useMay("policy.edit");
  const add = useEntryDialog();
  const columns = useColumns();
  const rows = entries.data?.pages.flatMap((p) => p.entries) ?? [];
  const total = entries.data?.pages[0]?.total ?? -1;
  const filtered = search !== "" || kind !== "" || action !== "" || life !== "";
  return (
    <>
      {!edit && !block && <ReadOnly what="the list" need="policy.block or policy.edit" />}
      <section className={`card ${styles.listcard}`} aria-label="Allow and block list">
        <div className={styles.tools}>
          <SearchBox label="Search entries" value={search} placeholder="Value, reason or author" onChange={(s) => change({ search: s }, { replace: true })} />
          <Segments label="Action" options={[["", "All"], ["Block", "Block"], ["Allow", "Allow"]] as const} value={action} onChange={(a: Action | "") => change({ action: a }, { replace: true })} />
          <Select size="small" aria-label="Kind" value={kind} onChange={(_, d) => change({ kind: d.value as EntryKind | "" }, { replace: true })}>
            <option value="">All kinds</option>
            {entryKinds.map((k) => <option key={k} value={k}>{kindWords[k].name}</option>)}
          </Select>
          <Select size="small" aria-label="Life" value={life} onChange={(_, d) => change({ state: d.value as typeof life }, { replace: true })}>
            <option value="">In force and expired</option>
            <option value="active">In force</option>
            <option value="expired">Expired</option>
          </Select>
          <span className={styles.push} />
          <Button appearance="primary" icon={<Add16Regular />} disabledFocusable={!block} title={block ? undefined : "Needs the permission policy.block, which your roles do not give"} onClick={() => block && add({ action: action || "Block", values: [], ...(kind ? { kind } : {}) })}>Add entry</Button>
        </div>
        {entries.error ? <ProblemNote error={entries.error} onRetry={() => void entries.refetch()} /> : (
          <ListGrid
            label="Entries"
            rows={rows}
            keyOf={(e) => e.id}
            columns={columns}
            total={total}
            more={entries.hasNextPage}
            loading={entries.isLoading || entries.isFetchingNextPage}
            onMore={() => void entries.fetchNextPage()}
            onOpen={(e) => change({ entry: e.id })}
            empty={filtered ? (
              <EmptyState small title="No entry is like that" why="Nothing on the list fits what you look for."><Button onClick={() => change({ search: "", kind: "", action: "", state: "" }, { replace: true })}>Show all entries</Button></EmptyState>
            ) : (
              <EmptyState small title="Nothing is on the list" why={<>A block entry keeps mail out that you know to be bad, and an allow entry lets mail in that is judged wrongly. Point at a sender, domain, URL or file hash anywhere and choose Block, or add one here. Give it an end: reasons grow old.</>}>
                {block && <Button appearance="primary" icon={<Add16Regular />} onClick={() => add({ action: "Block", values: [] })}>Add the first</Button>}
              </EmptyState>
            )}
            foot={(first, last) => <span className="num">{number(first)}–{number(last)} of <b>{number(Math.max(total, last))}</b>, newest first</span>}
          />
        )}
      </section>
      {state.entry !== "" && <EntrySheet id={state.entry} onClose={() => change({ entry: "" }, { replace: true })} />}
    </>
  );
}

/** A search that asks a moment after the last key. */
export function SearchBox({ label, value, placeholder, onChange }: { label: string; value: string; placeholder: string; onChange: (v: string) => void }) {
  const [text, setText] = useState(value);
  // What is told a moment later goes to who listens then: another filter may have been chosen meanwhile.
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const wait = setTimeout(() => latest.current(text), 250);
    return () => clearTimeout(wait);
  }, [text, value]);
  return (
    <label className={styles.search}>
      <Search16Regular aria-hidden />
      <span className="unseen">{label}</span>
      <input type="search" value={text} maxLength={200} placeholder={placeholder} spellCheck={false} autoComplete="off" onChange={(e) => setText(e.target.value)} />
    </label>
  );
}

export function ActionMark({ action }: { action: Action }) {
  return <span className={styles.word}>{action === "Block" ? <Prohibited16Regular aria-hidden /> : <CheckmarkCircle16Regular aria-hidden />}{action}</span>;
}

function useColumns(): ListColumn<Entry>[] {
  const evidence = useValueEvidence();
  const { now } = useClock();
  const field = (e: Entry) => (e.kind === "ip" && e.value.includes(":") ? "SenderIPv6" : e.kind === "url" && !e.value.includes("/") ? "UrlDomain" : e.kind === "file" && e.value.length === 40 ? "SHA1" : e.kind === "file" && e.value.length === 32 ? "MD5" : fieldOf[e.kind]);
  return [
    { key: "action", label: "Action", min: 84, grow: 0, cell: (e) => <ActionMark action={e.action} /> },
    { key: "kind", label: "Kind", min: 92, grow: 0, from: 560, cell: (e) => kindWords[e.kind].name },
    {
      key: "value", label: "Value", min: 180, grow: 2.2,
      value: (e) => (e.value.includes("/") && e.kind === "ip" ? undefined : { field: field(e), value: e.value }),
      cell: (e) => <span className={`mono clip ${e.expired ? styles.faded : ""}`} title={revealed(evidence(field(e), e.value))}><Untrusted text={evidence(field(e), e.value)} spelling /></span>,
    },
    { key: "reason", label: "Reason", min: 140, grow: 2, from: 480, cell: (e) => <span className="clip" title={revealed(e.reason)}><Untrusted text={e.reason} /></span> },
    { key: "ends", label: "Ends", min: 136, grow: 0, cell: (e) => <span className={`num ${e.expired ? styles.over : e.expires === null ? styles.faded : ""}`} title={e.expires ? both(new Date(e.expires)) : undefined}>{expiryWords(e, now)}</span> },
    { key: "by", label: "By", min: 130, grow: 1, from: 860, cell: (e) => <span className="clip" title={revealed(e.by)}><Untrusted text={e.by} /></span> },
    { key: "added", label: "Added", min: 92, grow: 0, from: 760, cell: (e) => <When at={e.created} to="day" /> },
  ];
}
