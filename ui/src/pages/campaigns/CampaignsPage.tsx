import { Select } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { onlys, readCampaigns, types, writeCampaigns, type CampaignsState, type Only } from "../../address/campaigns";
import { useAddress, useCoverage, useTimeRange } from "../../address/useAddress";
import { CoverageNote } from "../../components/CoverageNote";
import { EmptyState } from "../../components/EmptyState";
import type { ListColumn } from "../../components/grid/ListGrid";
import { ListFrame } from "../../components/ListFrame";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import { When } from "../../time/When";
import { number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import styles from "./Campaigns.module.css";
import { ExplorerLink } from "./ExplorerLink";
import { useCampaigns, type Line } from "./queries";

/** Mailings by one hand: how many came, where they went, who has them still. */
export function CampaignsPage() {
  const may = useMay("explorer.read");
  if (!may) return <EmptyState alone title="You may not see campaigns" why="It needs the permission explorer.read. An administrator can give you a role that has it." />;
  return <Page />;
}

type Change = (c: Partial<CampaignsState>) => void;

const onlyNames: Record<Only, string> = { inboxed: "Reached an inbox", still: "Still in an inbox", clicked: "Clicked", targets: "Hit priority accounts" };

function Page() {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readCampaigns(address), [address]);
  const change: Change = (c) => void navigate({ to: "/campaigns", search: writeCampaigns({ ...state, ...c }), replace: true });
  const { query } = useTimeRange();
  const list = useCampaigns(state, query);
  const coverage = useCoverage();
  const columns = useColumns();
  const rows = list.data?.pages.flatMap((p) => p.campaigns) ?? [];
  const first = list.data?.pages[0];
  const toggle = (o: Only) => change({ only: state.only.includes(o) ? state.only.filter((x) => x !== o) : [...state.only, o] });
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Campaigns</h1>
        <span className={styles.push} />
        <span className={styles.faded}><CoverageNote coverage={coverage.data} tookMs={first?.took_ms} /></span>
      </header>
      {first?.coverage.missing && rows.length > 0 && <p className={styles.gap}>{first.coverage.missing}</p>}
      <ListFrame
        label="Campaigns"
        className={styles.listcard}
        list={list}
        rows={rows}
        keyOf={(r) => r.id}
        columns={columns}
        rowHeight={48}
        total={first?.total ?? -1}
        onOpen={(r) => void navigate({ to: "/campaigns/$id", params: { id: r.id } })}
        sort={{ by: state.sort, desc: state.desc, onSort: (by, desc) => change({ sort: by as CampaignsState["sort"], desc }) }}
        filters={{
          on: state.type !== "" || state.only.length > 0 || state.text !== "",
          onClear: () => change({ type: "", only: [], text: "" }),
          nothing: "No campaign is like that",
          why: "Take filters away, or choose a longer time at the top.",
          tools: (
            <>
              <Segments label="Type" options={[["", "All"] as const, ...types.map((t) => [t, t] as const)]} value={state.type} onChange={(type) => change({ type })} />
              <SearchBox label="Name, brand, family or sender domain" value={state.text} placeholder="Name, brand, family, sender domain" onChange={(text) => change({ text })} />
              <div className={styles.toggles} role="group" aria-label="Only campaigns that">
                {onlys.map((o) => <button key={o} type="button" aria-pressed={state.only.includes(o)} onClick={() => toggle(o)}>{onlyNames[o]}</button>)}
              </div>
              <Select size="small" aria-label="Order" value={`${state.desc ? "-" : ""}${state.sort}`} onChange={(_, d) => change({ desc: d.value.startsWith("-"), sort: d.value.replace(/^-/, "") as CampaignsState["sort"] })}>
                <option value="-last">Last seen first</option>
                <option value="-first">Newest first</option>
                <option value="-still">Most in inboxes now</option>
                <option value="-clicked">Most clicked</option>
                <option value="-messages">Most messages</option>
                <option value="name">By name</option>
                {!["-last", "-first", "-still", "-clicked", "-messages", "name"].includes(`${state.desc ? "-" : ""}${state.sort}`) && <option value={`${state.desc ? "-" : ""}${state.sort}`}>By column</option>}
              </Select>
            </>
          ),
        }}
        empty={<Nothing state={state} />}
      />
    </div>
  );
}

/** None in this time and none ever are two things. */
function Nothing({ state }: { state: CampaignsState }) {
  const all = "last" in state.range && state.range.last === "all";
  return (
    <EmptyState small title={all ? "No campaign was seen yet" : "No campaign in this time"} why="Three messages that are like one another and were found to be a threat make a campaign. It stands here with the third.">
      {!all && <Link to="/campaigns" search={{ last: "30d" } as never}>Last 30 days</Link>}
    </EmptyState>
  );
}

function useColumns(): ListColumn<Line>[] {
  const evidence = useEvidence();
  const count = (key: "messages" | "recipients" | "inboxed" | "junked" | "blocked" | "clicked" | "removed" | "in_junk" | "still" | "targets", label: string, min: number, from?: number): ListColumn<Line> => ({
    key, label, min, grow: 0, numeric: true, sort: key, ...(from ? { from } : {}),
    cell: (r) => <span className={`num ${styles.figure}`} data-none={r[key] === 0 || undefined} data-bad={((key === "still" || key === "clicked" || key === "inboxed") && r[key] > 0) || undefined} data-odd={(key === "in_junk" && r[key] > 0) || undefined}>{number(r[key])}</span>,
  });
  return [
    {
      key: "name", label: "Campaign", min: 200, grow: 3, sort: "name",
      cell: (r) => (
        <span className={styles.name}>
          <b className="clip" title={revealed(r.name)}><Untrusted text={evidence(r.name)} /></b>
          <span className="clip"><Untrusted text={evidence(r.from)} /></span>
        </span>
      ),
    },
    { key: "type", label: "Type", min: 96, grow: 0, sort: "type", cell: (r) => <VerdictBadge types={r.type} confidence="" /> },
    { key: "subtype", label: "Imitates or carries", min: 130, grow: 0.8, from: 1310, cell: (r) => (r.subtype ? <span className="clip" title={revealed(r.subtype)}><Untrusted text={r.subtype} /></span> : <span className={styles.faded}>not known</span>) },
    { key: "first", label: "First seen", min: 110, grow: 0, from: 1440, sort: "first", cell: (r) => <When at={r.first} /> },
    { key: "last", label: "Last seen", min: 110, grow: 0, sort: "last", cell: (r) => <When at={r.last} /> },
    { ...count("messages", "Messages", 84), cell: (r) => <ExplorerLink to={r.explorer} title="These messages in Explorer"><span className="num">{number(r.messages)}</span></ExplorerLink> },
    count("recipients", "People", 68), count("targets", "Priority", 68, 1200), count("inboxed", "Inbox", 60), count("junked", "Junk", 56, 1050), count("blocked", "Blocked", 68, 1050), count("clicked", "Clicked", 68), count("removed", "Removed", 74, 1130), count("in_junk", "In Junk now", 96, 930), count("still", "In inbox now", 112),
  ];
}
