import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { writeRange } from "../../../address/range";
import { writeThreats } from "../../../address/threats";
import { useTimeRange } from "../../../address/useAddress";
import { Problem } from "../../../api/client";
import { EmptyState } from "../../../components/EmptyState";
import { ChevronRight16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Blocks } from "../../../components/threat/Article";
import { useThreat, type ThreatArticle } from "../../../components/threat/queries";
import { Seen } from "../../../components/threat/Seen";
import { kindWords } from "../../../components/threat/words";
import { Untrusted } from "../../../components/Untrusted";
import { Value } from "../../../components/ValueMenu";
import { useMay } from "../../../session/queries";
import styles from "./Threats.module.css";

/** One threat: the article, and beside it where it was seen here and what has to do with it. */
export function ThreatPage() {
  const may = useMay("intelligence.read");
  const { id } = useParams({ strict: false }) as { id: string };
  if (!may) return <EmptyState alone title="Threats need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Opened key={id} id={id} />;
}

function Opened({ id }: { id: string }) {
  const threat = useThreat(id);
  const { range } = useTimeRange();
  const back = <Link to="/intelligence/threats" search={writeRange(range) as never}>All threats</Link>;
  if (threat.error instanceof Problem && threat.error.status === 404) return <EmptyState alone title="There is no such threat" why={<>Nothing is known under <span className="mono"><Untrusted text={id} /></span>. A feed may have stopped telling of it.</>}>{back}</EmptyState>;
  if (threat.error) return <div className={styles.problem}><ProblemNote error={threat.error} onRetry={() => void threat.refetch()} />{back}</div>;
  if (!threat.data) return <Skeleton className={styles.wait} aria-label="Reading the article">{Array.from({ length: 12 }, (_, i) => <SkeletonItem key={i} size={20} />)}</Skeleton>;
  return <Page of={threat.data} />;
}

function Page({ of: t }: { of: ThreatArticle }) {
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const open = (id: string) => void navigate({ to: "/intelligence/threats/$id", params: { id }, search: writeRange(range) as never });
  const listed = (more: { find?: string; tag?: string }) => writeThreats({ find: "", kind: "", tag: "", seen: false, range, ...more }) as never;
  return (
    <div className={styles.page}>
      <div className={styles.inner}>
        <nav className={styles.crumbs} aria-label="Way back"><Link to="/intelligence/threats" search={writeRange(range) as never}>Threats</Link><ChevronRight16Regular aria-hidden /><span aria-current="page"><Untrusted text={t.name} /></span></nav>
        <header>
          <h1><Untrusted text={t.name} /></h1>
          <p className={styles.quiet}>
            {kindWords[t.kind]}{t.aliases.length > 0 && <> · also called <Untrusted text={t.aliases.join(", ")} /></>} · {t.source === "" ? "article of Tocsin" : <>from the feed <Untrusted text={t.source} /></>}{t.updated && <>, <span className="num">{t.updated}</span></>}
          </p>
        </header>
        <div className={styles.two}>
          <article className={`card ${styles.article}`}>
            {t.sections.length === 0 && <p>Nothing is written about it.</p>}
            {t.sections.map((s) => <section key={s.title} aria-label={s.title}><h2>{s.title}</h2><Blocks blocks={s.blocks} onThreat={open} /></section>)}
          </article>
          <div className={styles.facts}>
            <Seen id={t.id} />
            <section className={`card ${styles.box}`} aria-label="ATT&CK">
              <h2>ATT&CK and tags</h2>
              <div className={styles.tags}>
                {t.attack.map((a) => <Link key={a} className={`${styles.tag} num`} to="/intelligence/threats" search={listed({ find: a })} title="Threats with this id">{a}</Link>)}
                {t.tags.map((a) => <Link key={a} className={styles.tag} to="/intelligence/threats" search={listed({ tag: a })} title="Threats with this tag"><Untrusted text={a} /></Link>)}
              </div>
            </section>
            <Detections of={t} />
            {t.related.length > 0 && (
              <section className={`card ${styles.box}`} aria-label="Related threats">
                <h2>Related threats</h2>
                <ul>{t.related.map((r) => <li key={r.id}><Link to="/intelligence/threats/$id" params={{ id: r.id }} search={writeRange(range) as never}><Untrusted text={r.name} /></Link> <span className={styles.quiet}>{kindWords[r.kind]}</span></li>)}</ul>
              </section>
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

/** What of the judge speaks on such mail: rules lead to their text, signals and technologies have the value menu. */
function Detections({ of: t }: { of: ThreatArticle }) {
  const { range } = useTimeRange();
  const rules = useMay("rules.read");
  if (t.detections.length === 0) return null;
  return (
    <section className={`card ${styles.box}`} aria-label="Detections">
      <h2>Detections</h2>
      <ul>
        {t.detections.map((d) => (
          <li key={d.id} className={styles.detection}>
            <span>
              {d.kind === "rule" && rules && !d.missing ? <Link to="/rules" search={{ open: d.id, ...writeRange(range) } as never}><Untrusted text={d.title} /></Link> : d.missing ? <Untrusted text={d.title} /> : <Value field={d.kind === "technology" ? "LatestDetectionTechnologies" : "Signals"} value={d.id}><Untrusted text={d.title} /></Value>}
            </span>
            <span className={styles.quiet}>{d.missing ? "turned off here" : d.counted ? "counts as seen" : d.kind}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
