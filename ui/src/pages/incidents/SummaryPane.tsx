import { Button } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { IncidentTab } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { ArrowUndo16Regular, Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { useValueEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import { Severity } from "../rules/Severity";
import { Due, StatusWord } from "./Bits";
import { fieldOf } from "./entities";
import styles from "./Incidents.module.css";
import { LeftToDo } from "./LeftToDo";
import { NoteText } from "./Note";
import { useMembers, useRelated, useSeparate } from "./queries";
import type { Incident } from "./words";

interface Props {
  of: Incident;
  summary: UseQueryResult<Schemas["IncidentSummary"]>;
  onTab: (t: IncidentTab) => void;
  onOwn: () => void;
  onFinish: () => void;
}

/** The answer first: what is left to do, then what happened, who was hit, and what else is like it. */
export function SummaryPane({ of: i, summary, onTab, onOwn, onFinish }: Props) {
  const s = summary.data;
  return (
    <>
      <LeftToDo of={i} summary={s} onTab={onTab} onOwn={onOwn} onFinish={onFinish} />
      {i.description !== "" && <section className={`card ${styles.block}`} aria-labelledby="what-title"><div className={styles.title}><h2 id="what-title">What happened</h2></div><NoteText text={i.description} /></section>}
      {s && s.events > 0 && (
        <div className={styles.two}>
          <Top of={s} kind="recipient" title="Who was hit" onAll={() => onTab("entities")} />
          <Top of={s} kind="sender" title="Who sent it" onAll={() => onTab("entities")} />
          <Top of={s} kind="url_host" title="Where links lead" onAll={() => onTab("entities")} />
          <Top of={s} kind="file" title="Files" onAll={() => onTab("entities")} />
        </div>
      )}
      <Related of={i} />
      <Members of={i} />
    </>
  );
}

/** The most common values of one kind. */
function Top({ of: s, kind, title, onAll }: { of: Schemas["IncidentSummary"]; kind: "recipient" | "sender" | "url_host" | "file"; title: string; onAll: () => void }) {
  const evidence = useValueEvidence();
  const things = s.entities.find((e) => e.kind === kind);
  if (!things || things.total === 0) return null;
  return (
    <section className={`card ${styles.block}`} aria-label={title}>
      <div className={styles.title}><h2>{title}</h2><span className="num">{number(things.total)}{things.more && "+"}</span><i className={styles.push} />{things.total > 5 && <button type="button" className="textbutton" onClick={onAll}>All</button>}</div>
      <ul className={styles.top}>
        {things.top.slice(0, 5).map((t) => {
          const field = fieldOf(kind, t.value);
          return (
            <li key={t.value}>
              <Value field={field} value={t.value} className="clip">{kind === "file" && t.label ? <Untrusted text={`${t.label} ${t.value.slice(0, 8)}…`} /> : <Untrusted text={evidence(field, t.value)} spelling />}</Value>
              {t.priority && <span title="Priority account"><Star12Filled aria-hidden /><span className="unseen">priority account</span></span>}
              <i className={styles.push} />
              {t.still > 0 && <small className="num">{number(t.still)} in mailboxes</small>}
              <b className="num">{number(t.events)}</b>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Line({ of: i, children }: { of: Incident; children?: ReactNode }) {
  return (
    <div className={styles.other}>
      <Link to="/incidents/$id" params={{ id: String(i.number) }}><span className="num">{i.label}</span> <bdi>{i.name}</bdi></Link>
      <p><Severity value={i.severity.toLowerCase()} /><StatusWord value={i.status} /><Due of={i} /></p>
      {children}
    </div>
  );
}

/** Incidents that share something with this one, and what. */
function Related({ of: i }: { of: Incident }) {
  const related = useRelated(i);
  const all = related.data?.related ?? [];
  if (related.error) return <ProblemNote error={related.error} onRetry={() => void related.refetch()} />;
  if (!related.data || (all.length === 0 && related.data.say === "" && i.messages === 0)) return null;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="related-title">
      <div className={styles.title}><h2 id="related-title">Related incidents</h2>{all.length > 0 && <span className="num">{number(all.length)}</span>}</div>
      {all.length === 0 && <p className={styles.faded}>No other incident shares mail, files, campaigns, links or senders with this one.</p>}
      <ul className={styles.others}>
        {all.map((r) => (
          <li key={r.incident.id}>
            <Line of={r.incident}><ul className={styles.reasons}>{r.reasons.map((x, n) => <li key={n}><Untrusted text={x.say} /></li>)}</ul></Line>
            <span className={styles.score} title={`Alike by ${r.score} of 100`}><i style={{ width: `${r.score}%` }} aria-hidden /><span className="num">{r.score}</span><span className="unseen"> of 100 alike</span></span>
          </li>
        ))}
      </ul>
      {related.data.say !== "" && <p className={styles.faded}>{related.data.say}</p>}
    </section>
  );
}

/** What was merged into it, and the way back. */
function Members({ of: i }: { of: Incident }) {
  const members = useMembers(i);
  if (i.counts.merged === 0) return null;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="members-title">
      <div className={styles.title}><h2 id="members-title">Merged into this one</h2><span className="num">{number(i.counts.merged)}</span></div>
      {members.error ? <ProblemNote error={members.error} /> : null}
      <ul className={styles.others}>{members.data?.incidents.map((m) => <Member key={m.id} of={m} may={i.may_work} />)}</ul>
    </section>
  );
}

function Member({ of: m, may }: { of: Incident; may: boolean }) {
  const separate = useSeparate(m.id);
  return (
    <li>
      <Line of={m}>{separate.error ? <ProblemNote error={separate.error} /> : null}</Line>
      {may && <Button size="small" icon={<ArrowUndo16Regular />} disabledFocusable={separate.isPending} onClick={() => separate.mutate("")}>Separate</Button>}
    </li>
  );
}
