import { Button, ProgressBar } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { readPolicy, writePolicy } from "../../../address/policy";
import { DetailFlyout } from "../../../components/DetailFlyout";
import type { Steps } from "../../../components/Flyout";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { useZone } from "../../../time/Clock";
import { both, full, number } from "../../../time/zone";
import { InExplorer, Shown } from "../indicators/Bits";
import styles from "../indicators/Indicators.module.css";
import { over, useCancelHunt, useHunt, useSightings, type Hunt, type Indicator } from "../indicators/queries";
import { huntWords, reach } from "./words";

/** One search: what it found, and what came of it. */
export function HuntFlyout({ id, ...steps }: Steps & { id: string }) {
  const hunt = useHunt(id);
  return <DetailFlyout what="retro-hunt" detail={hunt} label={() => "Retro-hunt"} {...steps}>{(h) => <Body key={h.id} h={h} />}</DetailFlyout>;
}

function Body({ h }: { h: Hunt }) {
  const zone = useZone();
  const edit = useMay("intelligence.edit");
  const cancel = useCancelHunt();
  const c = h.counts;
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}><Untrusted text={h.names} /></h2>
      <p className={styles.faded}>{huntWords[h.state]}. Looks through the mail of {reach(h)} until {full(new Date(h.until), zone)}, for {number(c.indicators)} {c.indicators === 1 ? "indicator" : "indicators"}{h.automatic ? ", by itself" : <>, asked for by <Untrusted text={h.by} /></>}.</p>
      {!over(h) && (
        <div className={styles.bar}>
          <ProgressBar value={h.progress} max={1} aria-label="Progress" />
          <span className="num">{Math.floor(100 * h.progress)} %</span>
          {edit && <Button size="small" disabled={cancel.isPending} onClick={() => cancel.mutate(h.id)}>Cancel</Button>}
        </div>
      )}
      {h.error !== "" && <p role="alert">{h.error}</p>}
      {cancel.error && <ProblemNote error={cancel.error} />}
      <dl className={styles.figures}>
        <div><dt>Indicators seen</dt><dd className="num">{number(c.hits)}</dd></div>
        <div><dt>Messages</dt><dd className="num">{c.more && "≥ "}{number(c.messages)}</dd></div>
        <div><dt>People</dt><dd className="num">{number(c.people)}</dd></div>
        <div><dt>Clicks</dt><dd className="num">{number(c.clicks)}</dd></div>
      </dl>
      {c.more && <p className={styles.faded}>There is more than one search keeps: the figures are the least it is. Look for fewer indicators, or in less time.</p>}
      {h.state === "done" && c.messages === 0 && <p>Nothing that was looked for is in the mail of that time.</p>}
      <ul>
        {h.run !== "" && <li><Link to="/policy" search={writePolicy({ ...readPolicy({}), tab: "judging", run: h.run })}>What was found is judged again</Link>; the policy decides what is done.</li>}
        {h.state === "done" && c.messages > 0 && h.run === "" && <li>What was found was not judged again: nobody asked for it.</li>}
      </ul>
      <Sightings h={h} />
      <p className={styles.faded}>{number(c.values)} different values of the mail were compared in {number(Math.round(c.seconds * 10) / 10)} s.</p>
    </div>
  );
}

function Sightings({ h }: { h: Hunt }) {
  const zone = useZone();
  const list = useSightings(h.id, `${h.state} ${Math.floor(h.progress * 20)}`);
  const rows = list.data?.pages.flatMap((p) => p.sightings) ?? [];
  if (list.error) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  if (rows.length === 0) return null;
  return (
    <>
      <h3>Seen</h3>
      <table className={styles.table} aria-label="Indicators that were seen">
        <thead><tr><th scope="col">Indicator</th><th scope="col" className={styles.n}>Messages</th><th scope="col" className={styles.n}>People</th><th scope="col" className={styles.n}>In a mailbox</th><th scope="col">Last</th></tr></thead>
        <tbody>
          {rows.map((s) => (
            <tr key={s.indicator}>
              <td>
                <Link to="/intelligence/indicators" search={{ open: String(s.indicator) } as never} className="mono"><Shown kind={s.kind as Indicator["kind"]} value={s.value} /></Link>
                {s.threat && <div className={styles.faded}><Untrusted text={s.threat} /></div>}
                <div><InExplorer seen={s}>{`Show ${number(s.events)} in Explorer`}</InExplorer></div>
              </td>
              <td className={`${styles.n} num`}>{s.more && "≥ "}{number(s.messages)}</td>
              <td className={`${styles.n} num`}>{number(s.people)}</td>
              <td className={`${styles.n} num`}>{number(s.in_mailbox)}</td>
              <td>{s.last && <time dateTime={s.last} title={both(new Date(s.last))}>{full(new Date(s.last), zone)}</time>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.hasNextPage && <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show more</Button>}
    </>
  );
}
