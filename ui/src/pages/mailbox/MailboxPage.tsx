import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { EmptyState } from "../../components/EmptyState";
import { ChevronRight16Regular, Star12Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { useMay } from "../../session/queries";
import base from "../policy/Policy.module.css";
import { AidDialog } from "./AidDialog";
import { HandCard } from "./HandCard";
import { HistoryCard } from "./HistoryCard";
import styles from "./Mailbox.module.css";
import { useMailbox, type Mailbox, type What } from "./queries";
import { RulesCard } from "./RulesCard";

/** First aid for one mailbox: what it does by itself, what can be done about it, and what was done. */
export function MailboxPage() {
  const { address } = useParams({ from: "/inside/mailbox/$address" });
  if (!useMay("mailbox.read")) {
    return (
      <EmptyState alone title="You may not look into mailboxes" why="It needs the permission mailbox.read, which Security Operators and everybody above them have. An administrator can give you such a role.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Loaded address={address} />;
}

function Loaded({ address }: { address: string }) {
  const mailbox = useMailbox(address.toLowerCase());
  if (mailbox.error) return <div className={styles.page}><h1>Mailbox</h1><ProblemNote error={mailbox.error} onRetry={() => void mailbox.refetch()} /></div>;
  if (!mailbox.data) return <Skeleton className={styles.page} aria-label="Reading the mailbox">{[28, 20, 240].map((h) => <SkeletonItem key={h} style={{ height: h }} />)}</Skeleton>;
  return <Page key={mailbox.data.mailbox} mailbox={mailbox.data} />;
}

function Page({ mailbox: m }: { mailbox: Mailbox }) {
  const [what, setWhat] = useState<What>();
  const p = m.person;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <nav className={styles.crumbs} aria-label="Way back">
          <Link to="/settings" search={{ tab: "directory", person: p?.address } as never}>People</Link><ChevronRight16Regular aria-hidden /><span>Mailbox</span>
        </nav>
        <h1>{p?.priority && <Star12Filled className={styles.star} aria-label="Priority account" />}<Untrusted text={p?.name || m.mailbox} /></h1>
        <p className={styles.sub}>
          <Value field="RecipientEmailAddress" value={m.mailbox} className="mono" />
          {m.address !== m.mailbox && <span>of which <bdi className="mono"><Untrusted text={m.address} /></bdi> is another address</span>}
          {p && (p.title || p.department) && <span><Untrusted text={[p.title, p.department].filter(Boolean).join(", ")} /></span>}
        </p>
      </header>
      <div className={base.columns}>
        <div className={base.column}>
          <RulesCard mailbox={m} onRemove={(rule) => setWhat({ kind: "remove", rule })} />
          <HistoryCard mailbox={m} onBack={(deed) => setWhat({ kind: "back", deed })} />
        </div>
        <div className={base.column}>
          <HandCard mailbox={m} onOut={() => setWhat({ kind: "out" })} />
          <MailCard address={m.mailbox} />
          <KnownCard mailbox={m} />
        </div>
      </div>
      {what && <AidDialog address={m.mailbox} what={what} onClose={() => setWhat(undefined)} />}
    </div>
  );
}

/** The mail of this mailbox, in Explorer. */
function MailCard({ address }: { address: string }) {
  const to = (name: string, where: string) => <li><Link to="/explorer" search={{ q: `EmailEvents | where ${where}` } as never}>{name}</Link></li>;
  const quoted = JSON.stringify(address);
  return (
    <section className={`card ${base.block}`} aria-labelledby="mailbox-mail">
      <div className={base.title}><h2 id="mailbox-mail">Its mail, in Explorer</h2></div>
      <ul className={styles.links}>
        {to("What it sent outside", `SenderFromAddress == ${quoted} and EmailDirection == "Outbound"`)}
        {to("Everything it sent", `SenderFromAddress == ${quoted}`)}
        {to("Everything it got", `RecipientEmailAddress == ${quoted}`)}
        {to("Threats it got", `RecipientEmailAddress == ${quoted} and isnotempty(ThreatTypes)`)}
      </ul>
    </section>
  );
}

/** Who it is, and how Tocsin gets at it. */
function KnownCard({ mailbox: m }: { mailbox: Mailbox }) {
  const p = m.person;
  const fact = (name: string, value: ReactNode) => <><dt>{name}</dt><dd>{value}</dd></>;
  return (
    <section className={`card ${base.block}`} aria-labelledby="mailbox-known">
      <div className={base.title}><h2 id="mailbox-known">What is known</h2></div>
      <dl className={base.facts}>
        {fact("Mail system", m.system ? <Untrusted text={m.system} /> : "none connected")}
        {fact("Tocsin can", m.reached ? "act in it" : m.watched.length > 0 ? "only read its mail" : "do nothing in it")}
        {fact("Its mail is read", m.watched.length > 0 ? <>by <Untrusted text={m.watched.join(", ")} /></> : "no; mail reaches Tocsin in other ways")}
        {p?.priority && fact("Priority", "a priority account")}
        {p?.manager && fact("Manager", <Untrusted text={p.manager} />)}
        {p && p.aliases.length > 0 && fact("Other addresses", p.aliases.map((a) => <div key={a}><Untrusted text={a} spelling /></div>))}
        {!p && fact("Person", m.own ? "not in the directory" : "not of your organisation")}
      </dl>
    </section>
  );
}
