import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { indicatorKinds, indicatorStates, readIndicators, writeIndicators, type IndicatorsState } from "../../../address/indicators";
import { useAddress } from "../../../address/useAddress";
import { prefix } from "../../../api/client";
import { EmptyState } from "../../../components/EmptyState";
import { steps } from "../../../components/Flyout";
import type { ListColumn } from "../../../components/grid/ListGrid";
import { Add16Regular, ArrowDownload16Regular } from "../../../components/icons";
import { Choice, ListFrame } from "../../../components/ListFrame";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { When } from "../../../time/When";
import { number } from "../../../time/zone";
import { SearchBox } from "../../policy/EntriesPane";
import { Frame } from "../Frame";
import { AddDialog } from "./AddDialog";
import { Shown, StateWord } from "./Bits";
import { BulkBar } from "./BulkBar";
import { IndicatorFlyout } from "./IndicatorFlyout";
import styles from "./Indicators.module.css";
import { queryOf, useIndicators, useSources, type Indicator } from "./queries";
import { fieldOf, kindWords, stateWords } from "./words";

/** What is known to be bad, or good: where it comes from, how sure it is, and whether it was seen here. */
export function IndicatorsPage() {
  const may = useMay("intelligence.read");
  if (!may) return <EmptyState alone title="Indicators need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Page />;
}

type Change = (c: Partial<IndicatorsState>) => void;

function Page() {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readIndicators(address), [address]);
  const change: Change = (c) => void navigate({ to: "/intelligence/indicators", search: writeIndicators({ ...state, ...(c.open === undefined ? { open: 0 } : {}), ...c }) as never, replace: true });
  const [adding, setAdding] = useState(address["add"] !== undefined);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const edit = useMay("intelligence.edit"), exports = useMay("explorer.export");
  const list = useIndicators(state);
  const sources = useSources().data;
  const rows = list.data?.pages.flatMap((p) => p.indicators) ?? [];
  const columns = useColumns(state.open > 0);
  const filtered = Object.keys(queryOf(state)).length > 0;
  const clear = () => change({ kind: "", state: "", now: "", source: "", threat: "", tag: "", text: "", verdict: "" });
  const at = rows.findIndex((r) => r.id === state.open);
  const total = sources?.sources.reduce((n, s) => n + s.suspicious + s.confirmed, 0);
  const file = `${prefix}/indicators/export?${new URLSearchParams(queryOf(state)).toString()}`;
  return (
    <Frame
      part="/intelligence/indicators"
      facts={sources && `${number(total ?? 0)} indicators of ${number(sources.sources.length)} ${sources.sources.length === 1 ? "source" : "sources"}, ${number(sources.at_work)} values at work`}
      actions={
        <>
          {exports && <Button as="a" href={file} download icon={<ArrowDownload16Regular />}>Export CSV</Button>}
          <Button appearance="primary" icon={<Add16Regular />} disabledFocusable={!edit} title={edit ? undefined : "Needs the permission intelligence.edit, which your roles do not give"} onClick={() => edit && setAdding(true)}>Add indicators</Button>
        </>
      }
      side={state.open > 0 && <IndicatorFlyout id={state.open} {...steps(rows, at, list.hasNextPage, (r) => change({ open: r.id }))} onClose={() => change({ open: 0 })} />}
    >
      <div className={styles.tools} role="group" aria-label="Filter">
        <SearchBox label="Find a value" value={state.text} placeholder="A value, or a part of one" onChange={(text) => change({ text })} />
        <Choice label="Kind" value={state.kind} options={[["", "All kinds"], ...indicatorKinds.map((k) => [k, kindWords[k]] as const)]} onChange={(kind) => change({ kind })} />
        <Choice label="State" value={state.state} options={[["", "All states"], ...indicatorStates.map((k) => [k, stateWords[k]] as const)]} onChange={(s) => change({ state: s })} />
        <Choice label="What it does now" value={state.now} options={[["", "At work or not"], ["live", "At work"], ["held", "Held back"], ["expired", "Expired"]]} onChange={(now) => change({ now })} />
        <Choice label="Source" value={state.source} options={[["", "All sources"], ...(state.source !== "" && !sources?.sources.some((s) => s.source === state.source) ? [[state.source, state.source] as const] : []), ...(sources?.sources ?? []).map((s) => [s.source, `${s.source} (${number(s.suspicious + s.confirmed)})`] as const)]} onChange={(source) => change({ source })} />
        <SearchBox label="Threat" value={state.threat} placeholder="Threat" onChange={(threat) => change({ threat })} />
        <SearchBox label="Tag" value={state.tag} placeholder="Tag" onChange={(tag) => change({ tag })} />
        {filtered && <button type="button" className="textbutton" onClick={clear}>Clear</button>}
      </div>
      {picked.size > 0 && <BulkBar ids={[...picked].map(Number)} onDone={() => setPicked(new Set())} />}
      <ListFrame
        label="Indicators"
        list={list}
        rows={rows}
        keyOf={(r) => String(r.id)}
        columns={columns}
        onOpen={(r) => change({ open: r.id })}
        opened={String(state.open)}
        picking={edit ? { picked, all: false, onPick: setPicked } : undefined}
        order="newest first"
        empty={list.hasNextPage ? (
          <EmptyState small title="None so far" why="Among so many indicators a rare one is searched for in parts."><Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Search on</Button></EmptyState>
        ) : filtered ? (
          <EmptyState small title="No indicator is like that" why="Take filters away, or look for another value."><Button onClick={clear}>Clear the filters</Button></EmptyState>
        ) : (
          <EmptyState small title="Nothing is known to be bad yet" why="Add values from a report or an incident, set up a feed, or name lists in indicators.files of the settings. New mail is judged with them at once, and mail of the last days is searched.">
            {edit && <Button appearance="primary" icon={<Add16Regular />} onClick={() => setAdding(true)}>Add the first</Button>}
          </EmptyState>
        )}
      />
      {adding && <AddDialog given={typeof address["add"] === "string" ? address["add"] : ""} onClose={() => {
        setAdding(false);
        if (address["add"] !== undefined) change({});
      }} />}
    </Frame>
  );
}

function useColumns(narrow: boolean): ListColumn<Indicator>[] {
  return [
    { key: "kind", label: "Kind", min: 92, grow: 0, cell: (i) => kindWords[i.kind] },
    {
      key: "value", label: "Value", min: 200, grow: 2.4,
      value: (i) => {
        const field = fieldOf(i.kind, i.value);
        return field ? { field, value: i.value } : undefined;
      },
      cell: (i) => <span className="mono clip"><Shown kind={i.kind} value={i.value} /></span>,
    },
    { key: "state", label: "State", min: 172, grow: 0, cell: (i) => <StateWord of={i} /> },
    { key: "threat", label: "Threat", min: 110, grow: 1, from: 620, cell: (i) => <span className="clip"><Untrusted text={i.threat} /></span> },
    { key: "source", label: "Source", min: 110, grow: 0.8, from: 720, cell: (i) => <span className="clip"><Untrusted text={i.source} /></span> },
    { key: "confidence", label: "Confidence", min: 92, grow: 0, from: narrow ? 1000 : 860, numeric: true, cell: (i) => (i.confidence === 0 ? <span className={styles.faded}>not said</span> : number(i.confidence)) },
    { key: "until", label: "Valid until", min: 100, grow: 0, from: 940, cell: (i) => (i.valid_until ? <When at={i.valid_until} to="day" /> : <span className={styles.faded}>no end</span>) },
    { key: "updated", label: "Changed", min: 92, grow: 0, from: narrow ? 1100 : 1000, cell: (i) => <When at={i.updated} to="day" /> },
  ];
}
