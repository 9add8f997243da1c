import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { ArrowSplit16Regular, Star12Filled } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { useEvidence, useValueEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import styles from "./Campaigns.module.css";
import type { SplitStart } from "./Dialogs";
import { ExplorerLink } from "./ExplorerLink";
import type { Campaign } from "./queries";

type List = Schemas["CampaignValues"];

const lists: Record<List["key"], { name: string; field: string; group: "Senders" | "Lures" | "Payloads"; splits: Schemas["CampaignSplit"]["field"] }> = {
  sender_domain: { name: "Sender domains", field: "SenderFromDomain", group: "Senders", splits: "SenderFromDomain" },
  sender: { name: "Sender addresses", field: "SenderFromAddress", group: "Senders", splits: "SenderFromAddress" },
  ip: { name: "Servers, IPv4", field: "SenderIPv4", group: "Senders", splits: "" },
  ipv6: { name: "Servers, IPv6", field: "SenderIPv6", group: "Senders", splits: "" },
  subject: { name: "Subjects", field: "Subject", group: "Lures", splits: "Subject" },
  display_name: { name: "Sender names", field: "SenderDisplayName", group: "Lures", splits: "" },
  url_host: { name: "Link hosts", field: "UrlDomain", group: "Payloads", splits: "UrlDomain" },
  url: { name: "Links", field: "Url", group: "Payloads", splits: "" },
  file: { name: "Files", field: "SHA256", group: "Payloads", splits: "SHA256" },
  family: { name: "Threat names", field: "ThreatNames", group: "Payloads", splits: "" },
};
const groups = ["Senders", "Lures", "Payloads"] as const;

/** Senders, lures and payloads, each with the messages that have it. */
export function Lists({ of: c, onSplit }: { of: Campaign; onSplit?: (s: SplitStart) => void }) {
  return (
    <div className={styles.three}>
      {groups.map((g) => (
        <section key={g} className={`card ${styles.block}`} aria-label={g}>
          <div className={styles.title}><h2>{g}</h2><span className={styles.faded}>by messages</span></div>
          {c.lists.filter((l) => lists[l.key].group === g && l.values.length > 0).map((l) => <Values key={l.key} list={l} {...(onSplit ? { onSplit } : {})} />)}
          {c.lists.every((l) => lists[l.key].group !== g || l.values.length === 0) && <p className={styles.faded}>{g === "Payloads" ? "No link and no file: the text alone is the lure." : "Nothing."}</p>}
        </section>
      ))}
    </div>
  );
}

function Values({ list: l, onSplit }: { list: List; onSplit?: (s: SplitStart) => void }) {
  const { name, field, splits } = lists[l.key];
  const evidence = useValueEvidence();
  const text = useEvidence();
  const show = (v: string) => (field === "Subject" || field === "SenderDisplayName" || field === "ThreatNames" ? text(v) : evidence(field, v));
  return (
    <div className={styles.values}>
      <h3>{name} <span className={`num ${styles.faded}`}>{number(l.distinct)}</span></h3>
      <ul>
        {l.values.map((v) => (
          <li key={v.text}>
            <Value field={field} value={v.text} className={`clip ${l.key === "subject" || l.key === "display_name" || l.key === "family" ? "" : "mono"}`}><Untrusted text={l.key === "file" && v.label ? `${v.label} ${v.text.slice(0, 8)}…` : show(v.text)} spelling={l.key !== "subject"} /></Value>
            <span className={styles.push} />
            {onSplit && splits && l.distinct > 1 && <Button size="small" appearance="subtle" icon={<ArrowSplit16Regular />} aria-label={`Split off what has ${v.text.slice(0, 80)}`} title="Split into a campaign of its own" onClick={() => onSplit({ field: splits, value: v.text, count: v.value })} />}
            <ExplorerLink to={v.explorer} title="These messages in Explorer"><span className="num">{number(v.value)}</span></ExplorerLink>
          </li>
        ))}
      </ul>
      {l.distinct > l.values.length && <p className={styles.faded}>and {number(l.distinct - l.values.length)} more</p>}
    </div>
  );
}

/** Who got it, by department, and those who need somebody first. */
export function People({ of: c }: { of: Campaign }) {
  const { departments, top, more } = c.people;
  const shown = top.slice(0, 12);
  return (
    <section className={`card ${styles.block}`} aria-labelledby="people-title">
      <div className={styles.title}><h2 id="people-title">People</h2><span className={styles.faded}>by deliveries</span></div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Departments">
        <table className={styles.table}>
          <thead><tr><th scope="col">Department</th>{["People", "All", "Inbox", "Clicked", "Reported", "In Junk now", "In inbox now"].map((h) => <th key={h} scope="col" className={styles.count}>{h}</th>)}</tr></thead>
          <tbody>
            {departments.map((d) => (
              <tr key={d.name}>
                <th scope="row">{d.name || <i>Not in the directory</i>}</th>
                <td className={`num ${styles.count}`}>{number(d.people)}</td>
                <td className={`num ${styles.count}`}>{d.explorer ? <ExplorerLink to={d.explorer}>{number(d.deliveries)}</ExplorerLink> : number(d.deliveries)}</td>
                {[d.inboxed, d.clicked, d.reported, d.in_junk, d.still].map((n, i) => <td key={i} className={`num ${styles.count}`} data-none={n === 0 || undefined}>{number(n)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>Those who clicked or have it still first</h3>
      <ul className={styles.readers}>
        {shown.map((r) => (
          <li key={r.address}>
            {r.priority && <span title="Priority account" className={styles.star}><Star12Filled aria-hidden /><span className="unseen">priority account </span></span>}
            <Value field="RecipientEmailAddress" value={r.address} className="clip"><Untrusted text={r.name || r.address} /></Value>
            <span className={styles.push} />
            <span className={styles.faded}>{[r.clicked > 0 && `clicked ${number(r.clicked)}`, r.still > 0 && `${number(r.still)} still in the inbox`, r.in_junk > 0 && `${number(r.in_junk)} in Junk`, r.reported > 0 && "reported"].filter(Boolean).join(", ") || `${number(r.deliveries)} kept away or removed`}</span>
          </li>
        ))}
      </ul>
      {(more || top.length > shown.length) && <ExplorerLink to={c.explorer}>All people in Explorer</ExplorerLink>}
    </section>
  );
}

/** Why these belong together. */
export function Reasons({ of: c }: { of: Campaign }) {
  return (
    <section className={`card ${styles.block}`} aria-labelledby="reasons-title">
      <div className={styles.title}><h2 id="reasons-title">Why these belong together</h2></div>
      {c.reasons.length === 0 ? <p className={styles.faded}>No reason was kept.</p> : <ul className={styles.reasons}>{c.reasons.map((r) => <li key={r.text}><b className="num">{number(r.messages)}</b><span>{r.text}</span></li>)}</ul>}
      <p className={styles.faded}>Messages that each was found in, compared with the one most like them.</p>
    </section>
  );
}

/** Campaigns that share something with this one. */
export function Related({ of: c }: { of: Campaign }) {
  const evidence = useEvidence();
  return (
    <section className={`card ${styles.block}`} aria-labelledby="related-title">
      <div className={styles.title}><h2 id="related-title">Related campaigns</h2></div>
      {c.related.length === 0 ? <p className={styles.faded}>No other campaign has its files, link hosts, servers or sender domains.</p> : (
        <ul className={styles.related}>{c.related.map((r) => <li key={r.id}><Link to="/campaigns/$id" params={{ id: r.id }}><Untrusted text={evidence(r.name)} /></Link><span><Untrusted text={evidence(`shares ${r.shares.join("; ")}`)} /></span></li>)}</ul>
      )}
    </section>
  );
}
