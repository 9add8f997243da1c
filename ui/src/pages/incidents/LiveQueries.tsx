import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { readExplorer, views, writeExplorer } from "../../address/explorer";
import type { Schemas } from "../../api/client";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Delete16Regular, Mail16Regular, Search20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { useNow } from "../../time/Clock";
import { both, lag, number, rfc3339 } from "../../time/zone";
import styles from "./Incidents.module.css";
import { useDropQuery, useKept, useMatches, useTake } from "./queries";
import type { Incident } from "./words";

/** Queries that stay with an incident: each says what is new since it was last taken in. */
export function LiveQueries({ of: i }: { of: Incident }) {
  const kept = useKept(i);
  const queries = kept.data?.queries ?? [];
  const matches = useMatches(i, queries);
  if (kept.error) return <ProblemNote error={kept.error} onRetry={() => void kept.refetch()} />;
  return (
    <section className={`card ${styles.block} ${styles.liveblock}`} aria-labelledby="live-title">
      <div className={styles.title}><h2 id="live-title">Watched queries</h2><span>They say when more mail belongs here; nothing comes in by itself</span></div>
      <ul className={styles.queries}>{queries.map((q, n) => <Query key={q.id} of={i} query={q} match={matches[n]?.data} error={matches[n]?.error} onAsk={() => void matches[n]?.refetch()} asking={matches[n]?.isFetching ?? false} />)}</ul>
    </section>
  );
}

function Query({ of: i, query: q, match: m, error, onAsk, asking }: { of: Incident; query: Schemas["IncidentQuery"]; match: Schemas["IncidentMatches"] | undefined; error: unknown; onAsk: () => void; asking: boolean }) {
  const navigate = useNavigate();
  const evidence = useEvidence();
  const now = useNow(60);
  const take = useTake(i.id), drop = useDropQuery(i.id);
  const [sure, setSure] = useState(false);
  const range = q.from && q.to ? { from: rfc3339(new Date(q.from)), to: rfc3339(new Date(q.to)) } : { last: "all" };
  const explore = () => void navigate({ to: "/explorer", search: writeExplorer({ ...readExplorer({}), view: views.find((v) => v === q.view) ?? "all", q: q.q, range }) });
  return (
    <li>
      <div className={styles.query}>
        <b>{q.name ? <bdi>{q.name}</bdi> : "Query without a name"}</b>
        <code className="mono" title={q.kql}><Untrusted text={evidence(q.q.replace(/\s+/g, " "))} /></code>
        <p className="num">
          {error ? null : !m ? "Counting what is new" : m.fresh === 0 ? <span className={styles.good}><CheckmarkCircle16Regular aria-hidden />Nothing new: all {number(m.matches)} that match are in</span> : <span className={styles.fresh}><Mail16Regular aria-hidden />{number(m.fresh)} new since <time dateTime={q.asked} title={both(new Date(q.asked))}>{lag(Math.max(0, (now.getTime() - Date.parse(q.asked)) / 1000))} ago</time>, of {number(m.matches)}{m.more && " and more"}</span>}
          <span className={styles.faded}> · kept by <bdi>{q.author}</bdi></span>
        </p>
        {error ? <ProblemNote error={error} onRetry={onAsk} /> : null}
        {take.error ? <ProblemNote error={take.error} /> : null}
        {drop.error ? <ProblemNote error={drop.error} /> : null}
      </div>
      <span className={styles.queryacts}>
        {sure ? <span role="alert">The mail it brought stays. <Button size="small" onClick={() => drop.mutate(q.id)}>Stop watching</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Go on</Button></span> : (
          <>
            {i.may_work && m && m.fresh > 0 && !m.more && <Button size="small" appearance="primary" disabledFocusable={take.isPending} onClick={() => take.mutate(q.id)}>{take.isPending ? "Taking in" : `Take ${number(m.fresh)} in`}</Button>}
            <Button size="small" appearance="subtle" icon={<ArrowSync16Regular />} disabledFocusable={asking} onClick={onAsk}>Ask again</Button>
            <Button size="small" appearance="subtle" icon={<Search20Regular />} onClick={explore}>Explorer</Button>
            {i.may_work && <Button size="small" appearance="subtle" icon={<Delete16Regular />} aria-label={`Stop watching ${q.name || "the query"}`} onClick={() => setSure(true)} />}
          </>
        )}
      </span>
    </li>
  );
}
