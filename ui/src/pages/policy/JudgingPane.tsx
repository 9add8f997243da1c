import { Button, ProgressBar } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { RunKind } from "../../address/policy";
import { writeSettings } from "../../address/settings";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { ArrowSync16Regular, CheckmarkCircle16Regular, ChevronLeft20Regular, Info16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useZone } from "../../time/Clock";
import { both, clock, day, full, number } from "../../time/zone";
import { valueName } from "./decide";
import styles from "./Policy.module.css";
import { useJudging, useLearning, useRuns } from "./queries";
import { RejudgeDialog } from "./RejudgeDialog";
import { RunCard, StateWord } from "./RunCard";
import { modelWords, over, reach, type Run } from "./runs";

/** What judges, and what judges mail again that was delivered already. */
export function JudgingPane() {
  const [state, change] = usePolicyAddress();
  const may = useMay("rejudge.run");
  const [asking, setAsking] = useState(false);
  return (
    <>
      <div className={styles.columns}>
        <div className={styles.column}>
          <section className={`card ${styles.block}`} aria-labelledby="judging-again">
            <div className={styles.title}><h2 id="judging-again">Judge delivered mail again</h2></div>
            <p className={styles.lead}>When rules, indicators, entries or the policy change, mail of the last days is judged again by itself. You can also have it done: after news of an attack, or to see what today’s rules say to last week’s mail.</p>
            <div className={styles.note} style={{ margin: "8px 0 12px" }}><Info16Regular aria-hidden /><span>What should leave a mailbox is written down as Pending, and becomes an automatic <Link to="/actions">action</Link> where a mail system is connected and remediate.zap names its threat. The approval policy is asked as for everybody.</span></div>
            <Button appearance="primary" icon={<ArrowSync16Regular />} disabledFocusable={!may} title={may ? undefined : "Needs the permission rejudge.run, which your roles do not give"} onClick={() => may && setAsking(true)}>Judge again…</Button>
            {!may && <span className={styles.dim}> Needs the permission rejudge.run, which the role Security Administrator has.</span>}
          </section>
        </div>
        <SupplyCard />
      </div>
      {state.run !== "" ? (
        <RunCard
          kind={state.runs}
          id={state.run}
          title={state.runs === "whatif" ? "What would it have done?" : "Judged again"}
          tall
          onClose={() => change({ run: "" }, { replace: true })}
          back={<Button size="small" appearance="subtle" icon={<ChevronLeft20Regular />} onClick={() => change({ run: "" })}>All runs</Button>}
        />
      ) : <RunsCard kind={state.runs} onKind={(runs) => change({ runs }, { replace: true })} onOpen={(r) => change({ run: r.id })} />}
      {asking && <RejudgeDialog onClose={() => setAsking(false)} onStarted={(r) => {
        setAsking(false);
        change({ runs: "rejudge", run: r.id });
      }} />}
    </>
  );
}

/** The rules and indicators at work, and whether newer ones were refused. */
function SupplyCard() {
  const zone = useZone();
  const judging = useJudging();
  const j = judging.data;
  const learning = useLearning();
  return (
    <section className={`card ${styles.block}`} aria-labelledby="judging-supply">
      <div className={styles.title}><h2 id="judging-supply">What judges now</h2></div>
      {judging.error ? <ProblemNote error={judging.error} onRetry={() => void judging.refetch()} /> : (
        <>
          <dl className={styles.facts}>
            <dt>Rules</dt><dd><b className="num">{j ? number(j.supply.rules) : "…"}</b> at work</dd>
            <dt>Files</dt><dd className="num">{!j ? "…" : j.supply.reloaded ? <>taken up {full(new Date(j.supply.reloaded), zone)}</> : "as read at the start"}</dd>
            {learning.data && <><dt>Own model</dt><dd className="num">{modelWords(learning.data)}. <Link to="/settings" search={writeSettings({ tab: "learning", search: "", priority: false, person: "" })}>Look at it</Link></dd></>}
            <dt>Policy</dt><dd>{!j ? "…" : `${valueName("mode", j.policy.policy.mode)}, ${j.policy.version > 0 ? `version ${j.policy.version}` : "from the settings file"}`}</dd>
            <dt>Entries</dt><dd className="num">{j ? `${number(j.policy.entries)} for everybody, ${number(j.policy.mailboxes)} mailbox${j.policy.mailboxes === 1 ? "" : "es"} with settings` : "…"}</dd>
          </dl>
          {j && (j.supply.problem ? (
            <div className={styles.caution} style={{ marginTop: 12 }} role="alert"><Warning16Regular aria-hidden /><div>Changed files were not taken; those from before stay at work. <Untrusted text={j.supply.problem} /></div></div>
          ) : <p className={styles.note} style={{ marginTop: 12 }}><CheckmarkCircle16Regular aria-hidden /><span>Rule and indicator files are all in use. Changed ones are taken up within seconds.</span></p>)}
        </>
      )}
    </section>
  );
}

function RunsCard({ kind, onKind, onOpen }: { kind: RunKind; onKind: (k: RunKind) => void; onOpen: (r: Run) => void }) {
  const runs = useRuns(kind);
  const rows = runs.data?.pages.flatMap((p) => p.runs) ?? [];
  const columns = useColumns(kind);
  return (
    <section className={`card ${styles.listcard} ${styles.tall}`} aria-label="Runs">
      <div className={styles.tools}>
        <h2>Runs</h2>
        <Segments label="Which runs" options={[["rejudge", "Judged again"], ["whatif", "Tried out"]] as const} value={kind} onChange={onKind} />
      </div>
      {runs.error ? <ProblemNote error={runs.error} onRetry={() => void runs.refetch()} /> : (
        <ListGrid
          label="Runs"
          rows={rows}
          keyOf={(r) => r.id}
          columns={columns}
          total={runs.hasNextPage ? -1 : rows.length}
          more={runs.hasNextPage}
          loading={runs.isLoading || runs.isFetchingNextPage}
          onMore={() => void runs.fetchNextPage()}
          onOpen={onOpen}
          rowHeight={48}
          empty={kind === "rejudge" ? <EmptyState small title="No mail was judged again yet" why="It happens by itself half a minute after rules, indicators, entries or the policy changed, and whenever you ask." /> : (
            <EmptyState small title="Nothing was tried yet" why="Change something under What is done, or write an entry, and ask what it would have done. Each try stands here for 90 days." />
          )}
        />
      )}
    </section>
  );
}

function useColumns(kind: RunKind): ListColumn<Run>[] {
  const zone = useZone();
  const n = (x: number) => <span className={`num ${x === 0 ? styles.faded : ""}`}>{number(x)}</span>;
  return [
    { key: "when", label: "Started", min: 112, grow: 0, cell: (r) => { const t = new Date(r.created); return <time className="num" dateTime={r.created} title={both(t)}><span className={styles.faded}>{day(t, zone)}</span> {clock(t, zone)}</time>; } },
    { key: "why", label: kind === "whatif" ? "What was tried" : "Why", min: 180, grow: 3, cell: (r) => <span className={styles.two} title={revealed(r.tries || r.reason)}><b className="clip"><Untrusted text={kind === "whatif" ? r.tries || r.reason : r.reason} /></b><small className="clip">{r.automatic ? "by itself" : <>by <Untrusted text={r.by} /></>}{r.dry_run && ", dry run"}{r.threat && `, only ${r.threat}`}</small></span> },
    { key: "reach", label: "Mail of", min: 84, grow: 0, from: 640, cell: (r) => <span className="num">{reach(r)}</span> },
    { key: "state", label: "State", min: 132, grow: 0, cell: (r) => (over(r) ? <StateWord run={r} /> : <span className={styles.two} style={{ width: 108 }}><StateWord run={r} /><ProgressBar value={r.progress} max={1} aria-label="Messages looked at" /></span>) },
    { key: "looked", label: "Messages", min: 84, grow: 0, numeric: true, from: 760, cell: (r) => n(r.counts.messages) },
    { key: "flagged", label: "Now flagged", min: 92, grow: 0, numeric: true, from: 860, cell: (r) => n(r.counts.now_flagged) },
    { key: "unflagged", label: "No longer", min: 84, grow: 0, numeric: true, from: 940, cell: (r) => n(r.counts.no_longer_flagged) },
    { key: "other", label: kind === "whatif" ? "Other treatment" : "Decided", min: 112, grow: 0, numeric: true, from: 520, cell: (r) => n(kind === "whatif" ? r.counts.action_changed : r.counts.decided) },
  ];
}
