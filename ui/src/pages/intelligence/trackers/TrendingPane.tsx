import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { Period } from "../../../address/trackers";
import { EmptyState } from "../../../components/EmptyState";
import { ArrowUp12Regular, Star12Filled } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Segments } from "../../../components/Segments";
import { ThreatName } from "../../../components/ThreatName";
import { Untrusted } from "../../../components/Untrusted";
import { useEvidence } from "../../../text/useEvidence";
import { useZone } from "../../../time/Clock";
import { full, number } from "../../../time/zone";
import { Count, Spark } from "./Count";
import { useTrending, type Trend, type Trending } from "./queries";
import styles from "./Trackers.module.css";
import type { Change } from "./TrackersPage";
import { chanceWords } from "./words";

const options = [["day", "Day"], ["week", "Week"], ["month", "Month"]] as const;

/** What is new or grows here, against this organisation's own past. */
export function TrendingPane({ period, change }: { period: Period; change: Change }) {
  const got = useTrending(period, true);
  const zone = useZone();
  const t = got.data;
  return (
    <>
      <div className={styles.tools}>
        <Segments label="Compared" options={options} value={period} onChange={(p) => change({ period: p }, { replace: true })} />
        {t && <p className={styles.says}>{full(new Date(t.from), zone)} to {full(new Date(t.to), zone)}{t.past.length > 0 && `, against ${number(t.past.length)} ${against[period]}`}. {t.empty > 0 && `${number(t.empty)} of those before hold no mail at all and are left out.`}</p>}
      </div>
      {got.error ? <ProblemNote error={got.error} onRetry={() => void got.refetch()} /> : !t ? <Skeleton aria-label="Comparing" className={styles.waiting}>{Array.from({ length: 8 }, (_, i) => <SkeletonItem key={i} size={32} />)}</Skeleton> : !t.enough ? (
        <EmptyState small title="Too little of a past to compare with" why={t.say} />
      ) : <Groups t={t} period={period} />}
    </>
  );
}

const against: Record<Period, string> = { day: "earlier weeks, the same day of each", week: "weeks before", month: "months of 28 days before" };
const units: Record<Period, string> = { day: "day", week: "week", month: "month" };

function Groups({ t, period }: { t: Trending; period: Period }) {
  const some = t.groups.filter((g) => g.trends.length > 0), none = t.groups.filter((g) => g.trends.length === 0);
  return (
    <>
      <p className={styles.says}>All mail: <Count of={t.all_figure} what="email events" />, about {number(Math.round(t.all.expected))} expected. New: not seen in all the time that is compared with, at least 3 events. Grows: at least 5 events, half as many again as expected, and by chance less often than once in 1,000.</p>
      {some.map((g) => (
        <section key={g.key} className={`card ${styles.tablecard}`} tabIndex={0} aria-labelledby={`trend-${g.key}`}>
          <h2 id={`trend-${g.key}`}>{g.title}</h2>
          <table className={styles.table}>
            <thead><tr><th scope="col">Value</th><th scope="col" className={styles.right}>This {units[period]}</th><th scope="col" className={styles.right}>Expected</th><th scope="col">By chance</th><th scope="col" className={styles.trend}>Before, and now</th></tr></thead>
            <tbody>{g.trends.map((x) => <Row key={x.value} x={x} unit={units[period]} what={g.title} group={g.key} />)}</tbody>
          </table>
          {g.most && <p className={styles.says}>Only the {number(g.compared)} most frequent values were compared.</p>}
        </section>
      ))}
      {none.length > 0 && <p className={styles.says}>Nothing new and nothing that grows among: {none.map((g) => `${g.title.toLowerCase()} (${number(g.compared)} compared)`).join("; ")}.</p>}
    </>
  );
}

/** Groups whose values an article may be about, beside the names of threats. */
const told = new Set(["technologies", "signals"]);

function Row({ x, unit, what, group }: { x: Trend; unit: string; what: string; group: string }) {
  const evidence = useEvidence();
  const a = x.arithmetic;
  return (
    <tr>
      <th scope="row"><span className={styles.value}>{x.new ? <span className={styles.fresh}><Star12Filled aria-hidden />New</span> : <span className={styles.grows}><ArrowUp12Regular aria-hidden />Grows</span>}{group === "families" ? <ThreatName name={x.label} /> : group === "campaigns" ? <Link to="/campaigns/$id" params={{ id: x.value }}><Untrusted text={evidence(x.label)} /></Link> : <Untrusted text={evidence(x.label)} spelling />}{told.has(group) && <ThreatName name={x.value} bare />}</span></th>
      <td className={styles.right}><Count of={x.figure} what={`events of ${x.label}, ${what.toLowerCase()}`} /></td>
      <td className={`num ${styles.right}`} title={`Standard deviation ${a.spread.toFixed(1)}`}>{a.expected.toFixed(1)}</td>
      <td>{chanceWords(a.chance, unit)}</td>
      <td className={styles.trend}><Spark counts={[...a.past, a.count]} what={`${a.past.join(", ")}, and now ${a.count}`} /><small className="num">{a.past.join(" ")} · <b>{a.count}</b></small></td>
    </tr>
  );
}
