import { Button, Select, Skeleton, SkeletonItem, Switch } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { inExplorer, kinds, readThreats, writeThreats, type ThreatsState } from "../../../address/threats";
import { writeRange } from "../../../address/range";
import { useAddress, useTimeRange } from "../../../address/useAddress";
import { EmptyState } from "../../../components/EmptyState";
import { Search16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { useThreats, type ThreatLine } from "../../../components/threat/queries";
import { against, kindsWords, kindWords } from "../../../components/threat/words";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { useZone } from "../../../time/Clock";
import { both, day, number } from "../../../time/zone";
import { Frame } from "../Frame";
import styles from "./Threats.module.css";

/** What is known of threats: families, campaigns, actors and techniques, those that were seen here first. */
export function ThreatsPage() {
  const may = useMay("intelligence.read");
  if (!may) return <EmptyState alone title="Threats need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <List />;
}

function List() {
  const address = useAddress();
  const navigate = useNavigate();
  const s = useMemo(() => readThreats(address), [address]);
  const { query } = useTimeRange();
  const change = (c: Partial<ThreatsState>) => void navigate({ to: "/intelligence/threats", search: ((old: Record<string, unknown>) => writeThreats({ ...readThreats(old), ...c })) as never, replace: true });
  const [find, setFind] = useFind(s.find, (text) => change({ find: text }));
  const threats = useThreats(s, query, true);
  const d = threats.data;
  const filtered = s.find !== "" || s.kind !== "" || s.tag !== "" || s.seen;
  const clear = () => {
    setFind("");
    change({ find: "", kind: "", tag: "", seen: false });
  };
  return (
    <Frame part="/intelligence/threats" facts={d && (filtered ? `${number(d.found)} of ${number(d.total)} threats` : `${number(d.total)} threats, ${number(d.seen)} seen here in this time`)}>
      <div className={styles.filters} role="group" aria-label="Filter">
        <label className={styles.find}>
          <Search16Regular aria-hidden />
          <span className="unseen">Find a threat</span>
          <input value={find} placeholder="Name, other name, tag or ATT&CK id" spellCheck={false} onChange={(e) => setFind(e.target.value)} />
        </label>
        <Select size="small" aria-label="Kind" value={s.kind} className={s.kind ? styles.chosen : ""} onChange={(_, v) => change({ kind: v.value as ThreatsState["kind"] })}>
          <option value="">Any kind</option>
          {kinds.map((k) => <option key={k} value={k}>{kindsWords[k]}{d ? ` (${number(d.kinds[k] ?? 0)})` : ""}</option>)}
        </Select>
        <Select size="small" aria-label="Tag" value={s.tag} className={s.tag ? styles.chosen : ""} onChange={(_, v) => change({ tag: v.value })}>
          <option value="">Any tag</option>
          {s.tag !== "" && !d?.tags.some((t) => t.tag === s.tag) && <option value={s.tag}>{s.tag}</option>}
          {d?.tags.map((t) => <option key={t.tag} value={t.tag}>{`${t.tag} (${number(t.threats)})`}</option>)}
        </Select>
        <Switch checked={s.seen} label="Only seen here" onChange={(_, v) => change({ seen: v.checked })} />
        {filtered && <button type="button" className="textbutton" onClick={clear}>Clear</button>}
      </div>
      <div className={styles.scroller}>
        {threats.error ? <div className={styles.problem}><ProblemNote error={threats.error} onRetry={() => void threats.refetch()} /></div> : !d ? (
          <Skeleton className={styles.wait} aria-label="Reading the threats">{Array.from({ length: 12 }, (_, i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
        ) : d.threats.length === 0 ? (
          <EmptyState small title={s.seen && s.find === "" && s.kind === "" && s.tag === "" ? "No known threat was seen in this time" : "No threat fits the filter"} why={s.seen ? "Widen the time, or show those that were not seen too." : `There are ${number(d.total)} threats without it.`}>
            <Button onClick={clear}>Clear the filter</Button>
          </EmptyState>
        ) : <Table rows={d.threats} from={d.from} to={d.to} compared={d.compared} stale={threats.isPlaceholderData} />}
        {d?.cut && <p className={styles.foot}>Mail was marked in more ways than Tocsin counts; the rarest are missing from the figures.</p>}
        {d && d.found > d.threats.length && <p className={styles.foot}>The first {number(d.threats.length)} of {number(d.found)}; a filter brings the others up.</p>}
      </div>
    </Frame>
  );
}

function Table({ rows, from, to, compared, stale }: { rows: readonly ThreatLine[]; from: string; to: string; compared: boolean; stale: boolean }) {
  const { range } = useTimeRange();
  const zone = useZone();
  return (
    <table className={`${styles.table} ${stale ? styles.stale : ""}`} aria-label="Threats">
      <thead><tr><th scope="col">Threat</th><th scope="col">Kind</th><th scope="col" className={styles.n}>Email events</th><th scope="col">Last seen</th><th scope="col">ATT&CK</th><th scope="col">Article</th></tr></thead>
      <tbody>
        {rows.map((t) => (
          <tr key={t.id} data-threat={t.id}>
            <td className={styles.threat}>
              <Link to="/intelligence/threats/$id" params={{ id: t.id }} search={writeRange(range) as never}><Untrusted text={t.name} /></Link>
              {t.aliases.length > 0 && <span className={styles.quiet}> <Untrusted text={t.aliases.slice(0, 3).join(", ")} /></span>}
              <p className={styles.summary}><Untrusted text={t.summary} /></p>
            </td>
            <td>{kindWords[t.kind]}</td>
            <td className={`${styles.n} num`}>
              {t.seen.filter === "" ? <span className={styles.quiet} title="No signal or name shows it by itself">not counted</span> : t.seen.events === 0 ? <span className={styles.quiet}>0</span> : <Link to="/explorer" search={inExplorer(t.seen.filter, from, to) as never} title="Show in Explorer"><b>{number(t.seen.events)}</b></Link>}
              {t.seen.events > 0 && <small className={styles.quiet}>{against(t.seen.events, t.seen.before, compared)}</small>}
            </td>
            <td>{t.seen.events > 0 && t.seen.last ? <time className="num" dateTime={t.seen.last} title={both(new Date(t.seen.last))}>{day(new Date(t.seen.last), zone)}</time> : <span className={styles.quiet}>not in this time</span>}</td>
            <td className="num"><span title={t.attack.join(", ")}>{t.attack[0]}{t.attack.length > 1 && <> +{t.attack.length - 1}<span className="unseen"> more</span></>}</span></td>
            <td className={styles.quiet}>{t.source === "" ? "Tocsin" : <Untrusted text={t.source} />}{t.updated && <small className="num">{t.updated}</small>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is looked for: at once in the box, and a moment later in the address. */
function useFind(kept: string, keep: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(kept);
  const sent = useRef(kept);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (kept === sent.current) return;
    sent.current = kept;
    setText(kept);
  }, [kept]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [text, (t) => {
    setText(t);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = t;
      keep(t);
    }, 250);
  }];
}
