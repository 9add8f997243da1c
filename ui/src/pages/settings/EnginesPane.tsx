import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useCopy } from "../../components/copy";
import { CheckmarkCircle16Regular, Clock16Regular, Copy20Regular, ErrorCircle16Regular, SubtractCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { about, age, stale, stateWords, summary, type Engine } from "./engines";
import { useEngines } from "./queries";
import styles from "./Settings.module.css";

const icons = { off: SubtractCircle16Regular, unknown: Clock16Regular, answering: CheckmarkCircle16Regular, away: ErrorCircle16Regular };

/** What is asked about files and links beside Tocsin's own judgement: set up or not, answering or not, and how much. */
export function EnginesPane() {
  const engines = useEngines();
  const zone = useZone();
  if (engines.error) return <ProblemNote error={engines.error} onRetry={() => void engines.refetch()} />;
  const data = engines.data;
  if (!data) return <Skeleton className={styles.cards} aria-label="Reading the engines">{Array.from({ length: 4 }, (_, i) => <SkeletonItem key={i} style={{ height: 200 }} />)}</Skeleton>;
  return (
    <>
      <p className={base.lead}>
        Tocsin judges mail without them; each adds what it alone can know. <b>{summary(data.engines)}.</b> Counted since <time className="num" dateTime={data.since} title={both(new Date(data.since))}>{full(new Date(data.since), zone)}</time>, when the server started.
        {data.queue > 0 && <> <span className="num">{number(data.queue)}</span> message{data.queue === 1 ? " waits" : "s wait"} for the sandbox or the browser.</>}
      </p>
      <div className={styles.cards}>{data.engines.map((e) => <EngineCard key={e.key} engine={e} now={new Date(engines.dataUpdatedAt)} />)}</div>
    </>
  );
}

function EngineCard({ engine: e, now }: { engine: Engine; now: Date }) {
  const says = about[e.key];
  const Icon = icons[e.state];
  return (
    <section className={`card ${styles.card}`} aria-labelledby={`engine-${e.key}`}>
      <div>
        <h2 id={`engine-${e.key}`}>{e.name}</h2>
        <span className={styles.push} />
        <span className={styles[e.state]}><Icon aria-hidden />{stateWords[e.state]}</span>
      </div>
      <p>{says.does}</p>
      {e.state === "off" ? <SetUp engine={e} /> : <Standing engine={e} now={now} />}
    </section>
  );
}

/** What would set an engine up. */
function SetUp({ engine: e }: { engine: Engine }) {
  const copy = useCopy();
  const says = about[e.key];
  return (
    <>
      <p>{says.takes} Put <span className="mono">{e.setting}</span> into the settings file and start the server again:</p>
      <div className={styles.code}>
        <pre className="mono" tabIndex={0} aria-label={`Settings for ${e.name}`}>{says.example}</pre>
        <Button size="small" appearance="subtle" icon={<Copy20Regular />} aria-label={`Copy the settings for ${e.name}`} onClick={() => copy(says.example, "Settings copied")} />
      </div>
      {e.missing !== "" && <p className={base.caution}><Warning16Regular aria-hidden /><span>Not yet possible here: {e.missing}.</span></p>}
    </>
  );
}

function Standing({ engine: e, now }: { engine: Engine; now: Date }) {
  const zone = useZone();
  const says = about[e.key];
  const late = e.key === "cape" || e.key === "pages";
  const time = (t: string) => <time className="num" dateTime={t} title={both(new Date(t))}>{full(new Date(t), zone)}</time>;
  const made = e.signatures ? new Date(e.signatures) : undefined;
  return (
    <>
      {e.state === "away" && (
        <div className={styles.bad} role="alert">
          <ErrorCircle16Regular aria-hidden />
          <div><p><b>Does not answer{e.since && <> since {time(e.since)}</>}.</b> <Untrusted text={e.problem} /></p><p>{says.without}</p></div>
        </div>
      )}
      <dl className={base.facts}>
        <dt>{says.where}</dt><dd className="mono">{e.key === "pages" ? `${e.setting}: true` : e.value}</dd>
        {e.state === "answering" && e.since && <><dt>Answers since</dt><dd>{time(e.since)}</dd></>}
        {e.checked && <><dt>Last asked</dt><dd>{time(e.checked)}</dd></>}
        {e.version !== "" && <><dt>Version</dt><dd><Untrusted text={e.version} /></dd></>}
        {made && <><dt>Signatures</dt><dd>of {time(made.toISOString())}{age(made, now) && <>, <span className={stale(made, now) ? styles.old : undefined}>{age(made, now)} old{stale(made, now) && ": they miss what is new, look at freshclam"}</span></>}</dd></>}
        {e.key === "yara" && <><dt>Rules</dt><dd><b className="num">{number(e.rules)}</b> at work, as read when the server started</dd></>}
        <dt>{says.asked}</dt><dd className="num"><b>{number(e.asked)}</b>{!late && `, ${number(e.found)} with a finding`}{e.failed > 0 && `, ${number(e.failed)} without an answer`}</dd>
        {late && <><dt>Answers kept</dt><dd className="num"><b>{number(e.kept)}</b>, {number(e.found)} with a finding</dd></>}
        {e.key === "cape" && <><dt>Answers waiting</dt><dd className="num"><b>{number(e.waiting)}</b> file{e.waiting === 1 ? "" : "s"} still run{e.waiting === 1 ? "s" : ""} there</dd></>}
      </dl>
      {e.aside.length > 0 && (
        <div className={base.caution}>
          <Warning16Regular aria-hidden />
          <div>
            <b>{number(e.aside.length)} file{e.aside.length === 1 ? " of rules is" : "s of rules are"} set aside</b>
            <ul className={styles.aside} tabIndex={0} aria-label="Files that are set aside">{e.aside.map((a) => <li key={a.file + String(a.line)}><span className="mono"><Untrusted text={a.line > 0 ? `${a.file}:${a.line}` : a.file} /></span>: <Untrusted text={a.why} /></li>)}</ul>
            <p>The others are used. Correct these files and start the server again.</p>
          </div>
        </div>
      )}
    </>
  );
}
