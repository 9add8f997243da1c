import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { inExplorer, inHunting } from "../../../components/asked";
import { EmptyState } from "../../../components/EmptyState";
import { DetailFlyout } from "../../../components/DetailFlyout";
import { Alert16Regular, Code16Regular, Play16Regular, Search16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { revealed } from "../../../text/reveal";
import { useZone } from "../../../time/Clock";
import { both, full, number, took } from "../../../time/zone";
import { Spark } from "./Count";
import { useChangeTracked, useRemoveTracked, useRunTracked, useTracked, useTrackedRuns, type Tracked } from "./queries";
import { Standing } from "./Standing";
import { TrackDialog } from "./TrackDialog";
import styles from "./Trackers.module.css";
import { conditionWords, lengthWords } from "./words";

/** One tracked query: how its count moves, when it runs, and what it raises. */
export function TrackedFlyout({ id, onClose }: { id: string; onClose: () => void }) {
  const list = useTracked(true);
  const t = list.data?.find((x) => x.id === id);
  return (
    <DetailFlyout what="tracked query" detail={list} label={() => (t ? `Tracked query: ${revealed(t.name)}` : "Tracked query")} onClose={onClose}>
      {() => (t ? <Body key={t.id} t={t} onGone={onClose} /> : <EmptyState small title="There is no such tracked query" why="It was removed, or its query is not shared with you." />)}
    </DetailFlyout>
  );
}

function Body({ t, onGone }: { t: Tracked; onGone: () => void }) {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const run = useRunTracked(), change = useChangeTracked(), remove = useRemoveTracked();
  const busy = run.isPending || change.isPending || remove.isPending;
  const error = run.error ?? change.error ?? remove.error;
  const { every_seconds, window_seconds, condition, threshold, severity, category, revision, id } = t;
  const toggle = (on: boolean) => change.mutate({ every_seconds, window_seconds, condition, threshold, severity, category, revision, id, on });
  const runs = t.on && t.stopped === "";
  const hunting = t.figure ? inHunting(t.query, t.figure) : undefined;
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}><Untrusted text={t.name} /></h2>
      <Standing t={t} />
      {t.stopped !== "" && <p>It stopped: {t.stopped}. Put that right, then switch it on again.</p>}
      <div className={styles.buttons}>
        {t.figure?.explorer && <Link className={styles.linkbutton} to="/explorer" search={inExplorer(t.figure.explorer) as never}><Search16Regular aria-hidden />{number(t.figure.value)} in Explorer</Link>}
        {hunting && <Link className={styles.linkbutton} to="/hunting" search={hunting as never}><Code16Regular aria-hidden />{number(t.figure!.value)} in Hunting</Link>}
        {t.alert !== "" && <Link className={styles.linkbutton} to="/alerts" search={{ stage: "all", open: t.alert } as never}><Alert16Regular aria-hidden />Its last alert</Link>}
      </div>
      <History t={t} />
      <h3>Schedule</h3>
      <dl className={styles.facts}>
        <dt>Runs</dt><dd>every {lengthWords(t.every_seconds)}, over the last {lengthWords(t.window_seconds)}</dd>
        <dt>Runs as</dt><dd><Untrusted text={t.owner} /></dd>
        <dt>Alert</dt><dd>{conditionWords(t)}{t.condition !== "Never" && `; ${t.severity}`}</dd>
        <Times t={t} />
      </dl>
      {t.can_change && (
        <div className={styles.buttons}>
          <Button appearance="primary" icon={<Play16Regular />} disabled={busy || t.stopped !== ""} onClick={() => run.mutate(t.id)}>Run now</Button>
          <Button disabled={busy} onClick={() => setEditing(true)}>Change…</Button>
          <Button disabled={busy} onClick={() => toggle(!runs)}>{runs ? "Switch off" : "Switch on"}</Button>
          {removing ? <><Button disabled={busy} onClick={() => remove.mutate(t.id, { onSuccess: onGone })}>Remove it and its counts</Button><Button appearance="subtle" onClick={() => setRemoving(false)}>Keep it</Button></> : <Button appearance="subtle" disabled={busy} onClick={() => setRemoving(true)}>Remove…</Button>}
        </div>
      )}
      {error ? <ProblemNote error={error} /> : null}
      {t.query !== "" && <><h3>Query</h3><pre className={`mono ${styles.kql}`} tabIndex={0} aria-label="Query">{t.query}</pre></>}
      {editing && <TrackDialog of={t} name={t.name} queryID={t.query_id} onDone={() => setEditing(false)} onClose={() => setEditing(false)} />}
    </div>
  );
}

function Times({ t }: { t: Tracked }) {
  const zone = useZone();
  const when = (s: string) => <time className="num" dateTime={s} title={both(new Date(s))}>{full(new Date(s), zone)}</time>;
  return (
    <>
      <dt>Last run</dt><dd>{t.last ? <>{when(t.last.at)}, {took(t.last.took_ms)}{t.last.by_hand && ", by hand"}{t.last.missed > 0 && `; made up for ${number(t.last.missed)} that did not take place`}</> : "none yet"}</dd>
      <dt>Next run</dt><dd>{t.next ? when(t.next) : "none"}</dd>
    </>
  );
}

/** The counts of its runs, drawn and as a table. */
function History({ t }: { t: Tracked }) {
  const zone = useZone();
  const history = useTrackedRuns(t.id);
  const [table, setTable] = useState(false);
  if (history.error) return <ProblemNote error={history.error} onRetry={() => void history.refetch()} />;
  if (!history.data) return <Skeleton aria-label="Reading the counts"><SkeletonItem size={56} /></Skeleton>;
  const runs = history.data.runs;
  if (runs.length === 0) return <p className={styles.faded}>It has not run yet.</p>;
  const good = runs.filter((r) => r.error === "");
  const shown = good.slice(-48);
  return (
    <section aria-label="Counts over time">
      <div className={styles.charthead}><h3>Counts over time</h3><button type="button" className="textbutton" onClick={() => setTable(!table)}>{table ? "Show the bars" : "Show as a table"}</button></div>
      {table ? (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="Runs">
          <table className={styles.table}>
            <thead><tr><th scope="col">Until</th><th scope="col" className={styles.right}>Count</th><th scope="col">Note</th></tr></thead>
            <tbody>{[...runs].reverse().map((r) => <tr key={`${r.slot}${r.by_hand}`}><th scope="row"><time className="num" dateTime={r.slot}>{full(new Date(r.slot), zone)}</time></th><td className={`num ${styles.right}`}>{r.error === "" ? number(r.count) : "–"}</td><td>{[r.error, r.held ? "over the threshold" : "", r.by_hand ? "by hand" : "", r.missed > 0 ? `${r.missed} missed before` : ""].filter((s) => s !== "").join("; ")}</td></tr>)}</tbody>
          </table>
        </div>
      ) : shown.length === 0 ? <p className={styles.faded}>No run had an answer yet; the table says why.</p> : (
        <>
          <Spark counts={shown.map((r) => r.count)} what="Counts" wide />
          <p className={`num ${styles.faded}`}>{full(new Date(shown[0]!.slot), zone)} to {full(new Date(shown[shown.length - 1]!.slot), zone)}; the most {number(Math.max(...shown.map((r) => r.count)))}</p>
        </>
      )}
    </section>
  );
}
