import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useCoverage } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { CheckmarkCircle16Regular, ErrorCircle16Regular, SubtractCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useZone } from "../../time/Clock";
import { both, full, lag, number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Settings.module.css";
import { named, standing, type Standing } from "./sources";

const icons: Record<Standing["mood"], typeof CheckmarkCircle16Regular> = { answering: CheckmarkCircle16Regular, away: ErrorCircle16Regular, off: SubtractCircle16Regular };

/** Where mail comes from, and of mailboxes that are read how far Tocsin is. */
export function SourcesPane() {
  const coverage = useCoverage();
  const zone = useZone();
  if (coverage.error) return <ProblemNote error={coverage.error} onRetry={() => void coverage.refetch()} />;
  const data = coverage.data;
  if (!data) return <Skeleton className={styles.cards} aria-label="Reading the sources">{Array.from({ length: 2 }, (_, i) => <SkeletonItem key={i} style={{ height: 160 }} />)}</Skeleton>;
  const time = (t: string) => <time className="num" dateTime={t} title={both(new Date(t))}>{full(new Date(t), zone)}</time>;
  return (
    <>
      <p className={base.lead}>
        The settings file says where mail comes from. {data.pending_jobs > 0 ? <><b className="num">{number(data.pending_jobs)}</b> message{data.pending_jobs === 1 ? " is" : "s are"} taken in and not judged yet.</> : "Everything that was taken in is judged."} As of {time(data.as_of)}.
      </p>
      {data.sources.length === 0 && <EmptyState small title="No mail has come yet, and nothing listens for it" why="The settings smtp, lmtp, milter and mailboxes open a way for it; tocsin import reads files. The guide “Getting mail in” shows each." />}
      <div className={styles.cards}>
        {data.sources.filter((s) => s.kind !== "imap" || data.watched.length === 0).map((s) => {
          const words = { listening: "Listens", idle: "Nothing listens", off: "Off", failed: "Failed" }[s.state];
          return (
            <Card key={s.name} id={`source-${s.name}`} title={named(s.kind)} mood={s.state === "listening" ? "answering" : s.state === "failed" ? "away" : "off"} words={words}>
              <dl className={base.facts}>
                <dt>Last message</dt><dd>{s.last_event ? <>{time(s.last_event)}, <span className="num">{lag(s.lag_seconds)}</span> ago</> : "none yet"}</dd>
              </dl>
            </Card>
          );
        })}
        {data.watched.map((w) => <Watched key={w.name} system={w} time={time} />)}
      </div>
    </>
  );
}

function Card({ id, title, mood, words, children }: { id: string; title: string; mood: Standing["mood"]; words: string; children: React.ReactNode }) {
  const Icon = icons[mood];
  return (
    <section className={`card ${styles.card}`} aria-labelledby={id}>
      <div>
        <h2 id={id}><Untrusted text={title} /></h2>
        <span className={styles.push} />
        <span className={styles[mood]}><Icon aria-hidden />{words}</span>
      </div>
      {children}
    </section>
  );
}

function Watched({ system: w, time }: { system: Schemas["WatchedSystem"]; time: (t: string) => React.ReactNode }) {
  const { mood, words } = standing(w);
  return (
    <Card id={`watched-${w.name}`} title={`Mailboxes of ${w.name}`} mood={mood} words={words}>
      {w.errors.length > 0 && (
        <div className={styles.bad} role="alert">
          <ErrorCircle16Regular aria-hidden />
          <div>
            <p><b>{number(w.unread)} mailbox{w.unread === 1 ? " is" : "es are"} not read.</b> Tocsin tries again, at most five minutes later; nothing is skipped.</p>
            <ul className={styles.aside} tabIndex={0} aria-label="Mailboxes that are not read">{w.errors.map((e) => <li key={e.mailbox}><span className="mono"><Untrusted text={e.mailbox} /></span>: <Untrusted text={e.text} /></li>)}</ul>
          </div>
        </div>
      )}
      <dl className={base.facts}>
        <dt>Watched</dt><dd className="num"><b>{number(w.mailboxes)}</b> mailbox{w.mailboxes === 1 ? "" : "es"}{w.listening > 0 && `, ${number(w.listening)} with a connection of ${w.listening === 1 ? "its" : "their"} own`}</dd>
        <dt>Every one read</dt><dd>{w.looked ? <>after {time(w.looked)}</> : "not yet"}</dd>
        <dt>Behind</dt><dd className="num">{w.behind === 0 ? (w.unread > 0 ? "not known, as long as some are not read" : "no") : `${number(w.behind)} message${w.behind === 1 ? "" : "s"} seen and not taken in yet`}</dd>
        <dt>Taken in</dt><dd className="num"><b>{number(w.taken)}</b> since the server started{w.known > 0 && `, ${number(w.known)} of them known before`}{w.skipped > 0 && `; ${number(w.skipped)} too large and not judged`}</dd>
        {w.last_mail && <><dt>Last message</dt><dd>{time(w.last_mail)}</dd></>}
      </dl>
    </Card>
  );
}
