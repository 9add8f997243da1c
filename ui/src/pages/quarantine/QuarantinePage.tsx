import { Button, Select } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { entryThreats, readQuarantine, writeQuarantine, type EntryState, type EntryThreat, type QuarantineState } from "../../address/quarantine";
import { useAddress, useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { Attach16Regular, Dismiss16Regular, Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { TabBar } from "../../components/TabBar";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useMay, useOperator } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useClock, useZone } from "../../time/Clock";
import { both, clock, day, number, year } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import { ActDialog } from "./ActDialog";
import { EntryFlyout } from "./EntryFlyout";
import styles from "./Quarantine.module.css";
import { filterOf, keyOf, useEntries, useSummary, type Entry, type Kind, type Scope } from "./queries";
import { RefuseDialog } from "./RefuseDialog";
import { causeOf, Cause, leftOf, plural, StateWord } from "./words";

/** Mail that is held: what, why, until when, who asks for it; and what can be done with it. */
export function QuarantinePage() {
  const may = useMay("quarantine.read");
  if (!may) {
    return (
      <EmptyState alone title="You may not see the quarantine" why="It needs the permission quarantine.read, which Security Readers and everybody above them have. An administrator can give you such a role.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

function useQuarantineAddress(): [QuarantineState, (c: Partial<QuarantineState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readQuarantine(address), [address]);
  return [state, (c, how) => void navigate({ to: "/quarantine", search: writeQuarantine({ ...state, ...(c.open === undefined && c.pane === undefined ? { open: "" } : {}), ...c }), replace: how?.replace ?? false })];
}

type Doing = { kind: Kind; scope: Scope } | { refuse: Entry[] };

function Page() {
  const [state, change] = useQuarantineAddress();
  const { query } = useTimeRange();
  const filter = filterOf(state, query);
  const entries = useEntries(filter, state.sort, state.desc);
  const rows = useMemo(() => entries.data?.pages.flatMap((p) => p.entries) ?? [], [entries.data]);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const [doing, setDoing] = useState<Doing>();
  const mark = JSON.stringify(filter);
  useEffect(() => {
    setPicked(new Set());
    setAll(false);
  }, [mark]);
  const act = useMay("email.remove");
  const now = state.state === "held" || state.state === "asked";
  const opened = state.open ? `${state.open}~${state.to}` : "";
  const at = rows.findIndex((r) => keyOf(r) === opened);
  const show = (r: Entry, replace = false) => change({ open: r.network_message_id, to: r.recipient }, { replace });
  const near = (n: number) => (at >= 0 && rows[at + n] ? () => show(rows[at + n]!, true) : undefined);
  const columns = useColumns(state.state);
  const filtered = state.text !== "" || state.recipient !== "" || state.threat !== "";
  const clear = () => change({ text: "", recipient: "", threat: "" }, { replace: true });
  const chosen = rows.filter((r) => picked.has(keyOf(r)));
  const scope: Scope = all ? { filter } : { events: chosen };
  const done = (d: boolean) => {
    setDoing(undefined);
    if (!d) return;
    setPicked(new Set());
    setAll(false);
  };
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <Head />
        <section className={`card ${styles.listcard}`} aria-label="Entries">
          <Tabs value={state.state} onChange={(s) => change({ state: s })} />
          <div role="tabpanel" id="quarantine-panel" aria-labelledby={`quarantine-${state.state}`} className={styles.panel}>
            {picked.size > 0 || all ? (
              <div className={styles.selection} role="region" aria-label="Selection">
                <b className="num" role="status">{all ? "All that match" : `${number(picked.size)} selected`}</b>
                {!all && (entries.hasNextPage || rows.length > picked.size) && <button type="button" className="textbutton" onClick={() => setAll(true)}>Select all that match</button>}
                <span className={styles.push} />
                <Button size="small" appearance="primary" onClick={() => setDoing({ kind: "Release", scope })}>Release</Button>
                {state.state === "asked" && !all && <Button size="small" onClick={() => setDoing({ refuse: chosen.slice(0, 200) })}>Refuse</Button>}
                <Button size="small" onClick={() => setDoing({ kind: "Hard delete", scope })}>Delete</Button>
                <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Select nothing" onClick={() => { setPicked(new Set()); setAll(false); }} />
              </div>
            ) : (
              <div className={styles.tools} role="group" aria-label="Filter">
                <SearchBox label="Sender, recipient or subject" value={state.text} placeholder="Sender, recipient, subject" onChange={(text) => change({ text }, { replace: true })} />
                <SearchBox label="Recipient" value={state.recipient} placeholder="Recipient" onChange={(recipient) => change({ recipient }, { replace: true })} />
                <Select size="small" aria-label="Threat" value={state.threat} className={state.threat ? styles.chosen : ""} onChange={(_, d) => change({ threat: d.value as EntryThreat }, { replace: true })}>
                  <option value="">All threats</option>
                  {entryThreats.map((t) => <option key={t} value={t}>{t}</option>)}
                </Select>
                {filtered && <button type="button" className="textbutton" onClick={clear}>Clear</button>}
              </div>
            )}
            {entries.error ? <ProblemNote error={entries.error} onRetry={() => void entries.refetch()} /> : (
              <ListGrid
                label="Quarantine"
                rows={rows}
                keyOf={keyOf}
                columns={columns}
                total={entries.hasNextPage || !entries.data ? -1 : rows.length}
                more={entries.hasNextPage}
                loading={entries.isLoading || entries.isFetchingNextPage}
                onMore={() => void entries.fetchNextPage()}
                onOpen={(r) => show(r)}
                opened={opened}
                sort={{ by: state.sort, desc: state.desc, onSort: (by, desc) => change({ sort: by as QuarantineState["sort"], desc }, { replace: true }) }}
                picking={act && now ? { picked, all, onPick: (p) => { setPicked(p); setAll(false); } } : undefined}
                empty={<Nothing state={state.state} filtered={filtered} onClear={clear} />}
                foot={(first, last) => <span className="num">{number(first)}–{number(last)}{entries.hasNextPage ? " and more" : <> of <b>{number(rows.length)}</b></>}{now ? " · everything that is held now, whatever the time above" : " · held in the time above"}</span>}
              />
            )}
          </div>
        </section>
      </div>
      {at >= 0 && (
        <EntryFlyout
          entry={rows[at]!}
          pane={state.pane}
          onPane={(pane) => change({ pane }, { replace: true })}
          position={`${number(at + 1)} of ${number(rows.length)}${entries.hasNextPage ? "+" : ""}`}
          onPrev={near(-1)}
          onNext={near(1)}
          onClose={() => change({ open: "" })}
          onRelease={() => setDoing({ kind: "Release", scope: { events: [rows[at]!] } })}
          onDelete={() => setDoing({ kind: "Hard delete", scope: { events: [rows[at]!] } })}
          onRefuse={() => setDoing({ refuse: [rows[at]!] })}
        />
      )}
      {doing && ("refuse" in doing ? <RefuseDialog entries={doing.refuse} onClose={done} /> : <ActDialog kind={doing.kind} scope={doing.scope} onClose={done} />)}
    </div>
  );
}

/** The answer first: how much is held, what is about to go, and whether people are told. */
function Head() {
  const { data: s } = useSummary();
  return (
    <header className={styles.head}>
      <h1>Quarantine</h1>
      {s && (
        <p className="num">
          <b>{number(s.held)}</b> held{s.malware > 0 && <>, {number(s.malware)} with malware</>}{s.expiring > 0 && <>, <span className={styles.soon}>{number(s.expiring)} {plural(s.expiring, "expires", "expire")} within three days</span></>}
          {" · "}kept {number(Math.round(s.keep_hours / 24))} days · {s.digest ? `recipients are told at ${s.digest}` : "recipients are not told"}
        </p>
      )}
    </header>
  );
}

function Tabs({ value, onChange }: { value: EntryState; onChange: (s: EntryState) => void }) {
  const { data: s } = useSummary();
  return (
    <div className={styles.tabs}>
      <TabBar<EntryState>
        id="quarantine"
        label="State"
        tabs={[{ key: "held", label: "Held", count: s?.held }, { key: "asked", label: "Release asked", count: s?.asked }, { key: "released", label: "Released" }, { key: "deleted", label: "Deleted" }, { key: "expired", label: "Expired" }, { key: "all", label: "All" }]}
        value={value}
        onChange={onChange}
      />
    </div>
  );
}

function Nothing({ state, filtered, onClear }: { state: EntryState; filtered: boolean; onClear: () => void }) {
  if (filtered) return <EmptyState small title="No entry is like that" why="Nothing here fits what you look for."><Button onClick={onClear}>Clear the filters</Button></EmptyState>;
  const words: Record<EntryState, [string, string]> = {
    held: ["Nothing is held", "Mail comes here when the policy says quarantine for what it was judged to be, when somebody takes the action Quarantine in Explorer, and when ZAP takes it out of mailboxes."],
    asked: ["Nobody asks for anything", "Recipients ask with the links in their digest. Digests are off until quarantine.digest.at is set."],
    released: ["Nothing was released in this time", "Choose a longer time at the top. It is about when the mail was held."],
    deleted: ["Nothing was deleted in this time", "Choose a longer time at the top. It is about when the mail was held."],
    expired: ["Nothing expired in this time", "Choose a longer time at the top. It is about when the mail was held."],
    all: ["Nothing was held in this time", "Choose a longer time at the top."],
  };
  return <EmptyState small title={words[state][0]} why={words[state][1]} />;
}

function useColumns(state: EntryState): ListColumn<Entry>[] {
  const zone = useZone();
  const { now } = useClock();
  const { organisation } = useOperator();
  const own = new Set(organisation.domains);
  const short = (address: string) => {
    const cut = address.lastIndexOf("@");
    return cut > 0 && own.has(address.slice(cut + 1).toLowerCase()) ? address.slice(0, cut) : address;
  };
  return [
    {
      key: "since", label: `Held since (${zone === "utc" ? "UTC" : "local"})`, min: 136, grow: 0, sort: "since",
      cell: (e) => {
        const t = new Date(e.since);
        return <time className="num" dateTime={e.since} title={both(t)}><span className={styles.faded}>{day(t, zone)}{year(t, zone) !== year(now, zone) && ` ${year(t, zone)}`} </span>{clock(t, zone, true)}</time>;
      },
    },
    {
      key: "subject", label: "Subject", min: 140, grow: 3, sort: "subject",
      cell: (e) => <span className={`clip ${styles.subject}`} title={revealed(e.subject)}>{e.subject === "" ? <i>(no subject)</i> : <Untrusted text={e.subject} />}{e.attachments > 0 && <> <Attach16Regular aria-hidden /><span className="unseen">{e.attachments} attachments</span></>}</span>,
    },
    {
      key: "recipient", label: "Recipient", min: 100, grow: 1.4, sort: "recipient", value: (e) => ({ field: "RecipientEmailAddress", value: e.recipient }),
      cell: (e) => <span className="clip" title={revealed(e.recipient)}>{e.priority && <><Star12Filled className={styles.star} aria-hidden /><span className="unseen">Priority account </span></>}<Untrusted text={short(e.recipient)} /></span>,
    },
    { key: "sender", label: "Sender", min: 130, grow: 2.4, sort: "sender", value: (e) => ({ field: "SenderFromAddress", value: e.sender }), cell: (e) => <span className="clip" title={revealed(e.sender)}><Untrusted text={e.sender} /></span> },
    { key: "threat", label: "Verdict", min: 100, grow: 0.2, sort: "threat", cell: (e) => <VerdictBadge types={e.threats} confidence={e.phish_confidence} /> },
    { key: "cause", label: "Held by", min: 130, grow: 1.4, from: 1000, cell: (e) => <span className="clip" title={revealed(causeOf(e))}><Cause entry={e} /></span> },
    { key: "state", label: "State", min: 128, grow: 0, from: 790, cell: (e) => <StateWord entry={e} /> },
    ...(state === "released" || state === "deleted" || state === "expired" ? [] : [{
      key: "expires", label: "Expires", min: 74, grow: 0, from: 870,
      cell: (e: Entry) => {
        if (!e.expires) return <span className={styles.faded}>–</span>;
        const left = leftOf(e.expires, now);
        return <span className={`num ${left.soon ? styles.soon : styles.faded}`} title={both(new Date(e.expires))}>{left.text}</span>;
      },
    }]),
  ];
}
