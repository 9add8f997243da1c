import { Button, Field, Textarea } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { inExplorer, inHunting } from "../../components/asked";
import { DetailFlyout } from "../../components/DetailFlyout";
import type { Steps } from "../../components/Flyout";
import { ArrowDown12Regular, Briefcase16Regular, Code16Regular, Search16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Badge } from "../../components/Verdict";
import { useMay, useOperator } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { Severity } from "../rules/Severity";
import styles from "./Alerts.module.css";
import { useAlert, useChange, useOpenIncident, type Detail } from "./queries";

/** One alert: what was found, why it was raised, what it is about, and what can be done. */
export function AlertFlyout({ id, ...steps }: Steps & { id: string }) {
  const detail = useAlert(id);
  return <DetailFlyout what="alert" detail={detail} label={(d) => `Alert: ${revealed(d.title)}`} {...steps}>{(d) => <Body key={d.id} d={d} onRefresh={() => void detail.refetch()} />}</DetailFlyout>;
}

function Body({ d, onRefresh }: { d: Detail; onRefresh: () => void }) {
  const zone = useZone();
  const evidence = useEvidence();
  const when = (t: string) => <time className="num" dateTime={t} title={both(new Date(t))}>{full(new Date(t), zone)}</time>;
  const hunting = d.query === "" ? undefined : inHunting(d.query, d);
  return (
    <div className={styles.fly}>
      <h2 className={styles.title}><Untrusted text={evidence(d.title)} /></h2>
      <div className={styles.badges}>
        <Severity value={d.severity.toLowerCase()} />
        <Badge icon={null}>{d.status}</Badge>
        {d.fell && <Badge icon={<ArrowDown12Regular aria-hidden />}>No longer so since {full(new Date(d.fell), zone)}</Badge>}
      </div>
      {d.detail !== "" && <p><Untrusted text={evidence(d.detail)} /></p>}
      <div className={styles.buttons}>
        {d.explorer && <Link className={styles.linkbutton} to="/explorer" search={inExplorer(d.explorer) as never}><Search16Regular aria-hidden />Show in Explorer</Link>}
        {hunting && <Link className={styles.linkbutton} to="/hunting" search={hunting as never}><Code16Regular aria-hidden />Show in Hunting</Link>}
      </div>
      <Doing d={d} onRefresh={onRefresh} />
      <h3>Why</h3>
      <dl className={styles.facts}>
        <dt>Found</dt><dd className="num"><b>{number(d.count)}</b></dd>
        {d.from && d.to && <><dt>In</dt><dd>{when(d.from)} to {when(d.to)}</dd></>}
        <dt>Raised</dt><dd>{when(d.time)}{d.times > 1 && <>, {number(d.times)} times, last at {when(d.last)}</>}</dd>
        <dt>By</dt><dd>{d.source}{d.policy !== "" && <>: {d.link !== "" ? <Within link={d.link}><Untrusted text={d.policy} /></Within> : <Untrusted text={d.policy} />}</>}</dd>
        <dt>Category</dt><dd>{d.category}{d.techniques.length > 0 && <span className={styles.faded}> {d.techniques.join(", ")}</span>}</dd>
      </dl>
      {d.query !== "" && <pre className={`mono ${styles.kql}`} tabIndex={0} aria-label="Query">{d.query}</pre>}
      <About d={d} />
    </div>
  );
}

/** What to do next: take it, write a note, open an incident, resolve it. */
function Doing({ d, onRefresh }: { d: Detail; onRefresh: () => void }) {
  const may = useMay("alert.work");
  const mayOpen = useMay("incident.work");
  const me = useOperator().operator.email;
  const change = useChange(d.id);
  const incident = useOpenIncident(d.id);
  const [note, setNote] = useState(d.note);
  const busy = change.isPending || incident.isPending;
  const set = (status: Detail["status"]) => change.mutate({ revision: d.revision, status, ...(note !== d.note ? { note } : {}), ...(status === "In progress" ? { owner: "me" } : {}) });
  const error = change.error ?? incident.error;
  return (
    <div className={styles.doing}>
      {d.incident !== "" && <p><Link className={styles.linkbutton} to="/incidents/$id" params={{ id: d.incident }}><Briefcase16Regular aria-hidden />{d.incident_label || "The incident"}</Link></p>}
      {d.owner !== "" && <p className={styles.faded}>{d.owner === me ? "You have" : `${d.owner} has`} it.{d.resolved && ` Resolved by ${d.by === me ? "you" : d.by}.`}</p>}
      {may ? (
        <>
          <Field label="Note"><Textarea value={note} maxLength={4000} rows={2} onChange={(_, x) => setNote(x.value)} /></Field>
          <div className={styles.buttons}>
            {d.status === "New" && <Button appearance="primary" disabled={busy} onClick={() => set("In progress")}>Take it</Button>}
            {d.status !== "Resolved" && <Button appearance={d.status === "New" ? "secondary" : "primary"} disabled={busy} onClick={() => set("Resolved")}>Resolve</Button>}
            {d.status === "Resolved" && <Button disabled={busy} onClick={() => set("In progress")}>Open again</Button>}
            {mayOpen && d.incident === "" && <Button icon={<Briefcase16Regular />} disabled={busy} onClick={() => incident.mutate(d.revision)}>Open an incident with it</Button>}
            {note !== d.note && <Button appearance="subtle" disabled={busy} onClick={() => change.mutate({ revision: d.revision, note })}>Save the note</Button>}
          </div>
        </>
      ) : d.note !== "" && <p className={styles.note}><Untrusted text={d.note} /></p>}
      {error ? <ProblemNote error={error} onRetry={() => { change.reset(); incident.reset(); onRefresh(); }} /> : null}
    </div>
  );
}

/** A link to a page of Tocsin that the server names by its path. */
function Within({ link, children }: { link: string; children: ReactNode }) {
  const u = new URL(link, window.location.origin);
  if (u.origin !== window.location.origin) return <>{children}</>;
  return <Link to={u.pathname as never} search={Object.fromEntries(u.searchParams) as never}>{children}</Link>;
}

const kinds: Record<string, string> = { MailMessage: "Message", Mailbox: "Mailbox", User: "Person", Url: "Link", File: "File", Ip: "Address" };

/** The messages, people, links and files that it names. */
function About({ d }: { d: Detail }) {
  const evidence = useEvidence();
  if (d.evidence.length === 0) return null;
  return (
    <>
      <h3>What it is about</h3>
      <ul className={styles.pieces}>
        {d.evidence.map((e, i) => (
          <li key={i}>
            <span className={styles.faded}>{kinds[e.type] ?? e.type}</span>
            <span>
              {e.network_message_id !== "" ? <Link to="/email/$id" params={{ id: e.network_message_id }} search={{ recipient: e.account } as never}>{e.subject === "" ? "(no subject)" : <Untrusted text={evidence(e.subject)} />}</Link> : <Untrusted text={evidence(e.url || e.file_name || e.sha256 || e.ip || e.account)} />}
              {e.account !== "" && e.network_message_id !== "" && <small><Untrusted text={e.account} /></small>}
              {e.family !== "" && <small><Untrusted text={e.family} /></small>}
            </span>
          </li>
        ))}
      </ul>
      {d.more > 0 && <p className={styles.faded}>{number(d.more)} more were found than an alert keeps; the query shows them all.</p>}
    </>
  );
}
