import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { relativeName, writeRange } from "../../address/range";
import { inExplorer } from "../../address/threats";
import { useCoverage, useTimeRange } from "../../address/useAddress";
import { useZone } from "../../time/Clock";
import { both, day, number } from "../../time/zone";
import { CoverageNote } from "../CoverageNote";
import { ProblemNote } from "../Problem";
import { Untrusted } from "../Untrusted";
import { useSeen, type ThreatSeen } from "./queries";
import styles from "./Threat.module.css";
import { against } from "./words";

/** Mail of a threat in the chosen time: how much, who, clicked, still there; each number leads to what it counts. */
export function Seen({ id, onLeave }: { id: string; onLeave?: () => void }) {
  const { query, range } = useTimeRange();
  const seen = useSeen(id, query);
  const { data: coverage } = useCoverage();
  return (
    <section className={styles.seen} aria-label="Seen here">
      <h3>Seen here <span className={styles.quiet}>{"last" in range ? relativeName(range.last) : "in the chosen time"}</span></h3>
      {seen.error ? <ProblemNote error={seen.error} onRetry={() => void seen.refetch()} /> : !seen.data ? (
        <Skeleton aria-label="Counting its mail" className={styles.wait}>{[0, 1].map((i) => <SkeletonItem key={i} size={28} />)}</Skeleton>
      ) : seen.data.filter === "" ? <p className={styles.quiet}>No signal, technology or detection name shows this by itself, so its mail cannot be counted. The queries of the article look for what it leaves behind.</p> : <Figures s={seen.data} {...(onLeave && { onLeave })} />}
      {seen.data && seen.data.filter !== "" && <p className={styles.quiet}><CoverageNote coverage={coverage} tookMs={seen.data.took_ms} /></p>}
    </section>
  );
}

function Figures({ s, onLeave }: { s: ThreatSeen; onLeave?: () => void }) {
  const zone = useZone();
  const { range } = useTimeRange();
  const date = (at: string) => <time className="num" dateTime={at} title={both(new Date(at))}>{day(new Date(at), zone)}</time>;
  const leave = onLeave ? { onClick: onLeave } : {};
  if (s.ever === 0) return <p>No mail here was judged to be this, in everything that is kept.</p>;
  const link = (filter: string, n: number, word: string) => (n === 0 ? <span className={styles.figure}><b className="num">0</b> {word}</span> : <Link className={styles.figure} to="/explorer" search={inExplorer(filter, s.from, s.to) as never} {...leave}><b className="num">{number(n)}</b> {word}</Link>);
  return (
    <>
      <div className={styles.figures}>
        {link(s.filter, s.events, s.events === 1 ? "email event" : "email events")}
        {link(s.still_filter, s.still, "in mailboxes now")}
        <span className={styles.figure}><b className="num">{number(s.people)}</b> {s.people === 1 ? "person" : "people"}</span>
        <span className={styles.figure} title={s.clicks_kql}><b className="num">{number(s.clickers)}</b> clicked</span>
      </div>
      <p className={styles.quiet}>
        {[against(s.events, s.before, s.compared)].filter(Boolean).map((w) => <span key={w}>{w} · </span>)}
        {s.first && <>first {date(s.first)}, </>}{s.last && <>last {date(s.last)}, </>}{number(s.ever)} in everything that is kept
      </p>
      {s.campaigns.length > 0 && (
        <p>Campaigns: {s.campaigns.map((c, i) => <span key={c.id}>{i > 0 && ", "}<Link to="/explorer" search={inExplorer(`${s.filter}\n| where NetworkMessageId in ((CampaignInfo | where CampaignId == "${c.id.replace(/["\\]/g, "")}" | project NetworkMessageId))`, s.from, s.to) as never} {...leave}><Untrusted text={c.name || c.id} /></Link> <span className={`${styles.quiet} num`}>{number(c.events)}</span></span>)}</p>
      )}
      {s.incidents.length > 0 && <p>Incidents: {s.incidents.map((i, n) => <span key={i.id}>{n > 0 && ", "}<Link to="/incidents/$id" params={{ id: i.id }} search={writeRange(range) as never} {...leave}>{i.label} <Untrusted text={i.name} /></Link></span>)}</p>}
    </>
  );
}
