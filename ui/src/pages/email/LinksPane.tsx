import { Button } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useCopy } from "../../components/copy";
import { EmptyState } from "../../components/EmptyState";
import { ArrowRight16Regular, Copy20Regular, Link16Regular, QrCode20Regular, Warning16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { defang } from "../../text/defang";
import { number } from "../../time/zone";
import styles from "./Email.module.css";
import { linkRows, placeOf, type LinkRow } from "./links";
import rows from "./Rows.module.css";
import { Part } from "./Part";
import { VisitNote } from "./VisitNote";

/** Every link of a message as text: what a reader sees on it, where it leads behind rewriters, what was there when it was opened, and what the verdict says about it. */
export function LinksPane({ links, email }: { links: UseQueryResult<Schemas["EmailURLs"]>; email: Schemas["Email"] }) {
  const copy = useCopy();
  const all = links.data ? linkRows(links.data.urls, email.verdict.signals) : [];
  const addresses = [...new Set(all.map((r) => r.link.defanged))];
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>URLs</h2>
        {links.data && <span className="num">{said(all)}</span>}
        <span className={styles.push} />
        {addresses.length > 0 && <Button size="small" icon={<Copy20Regular />} onClick={() => copy(addresses.join("\n"), `${number(addresses.length)} copied, defanged`)}>Copy all, defanged</Button>}
      </div>
      <Part answer={links} label="Reading the links">
        {() => (all.length === 0 ? <EmptyState small title="No URL in this message" why="Neither its text, its headers nor its attachments hold one, and no picture shows a QR code with one." /> : (
          <ul className={rows.list}>{all.map((r, i) => <LinkItem key={i} row={r} email={email} />)}</ul>
        ))}
      </Part>
    </section>
  );
}

function said(all: readonly LinkRow[]): string {
  const times = all.reduce((n, r) => n + r.times, 0);
  const named = all.filter((r) => r.claims.length > 0).length;
  return [all.length === times ? `${number(all.length)}` : `${number(all.length)} different, ${number(times)} in all`, ...(named > 0 ? [`${number(named)} spoke for the verdict`] : [])].join(", ");
}

function LinkItem({ row: { link: l, times, claims }, email }: { row: LinkRow; email: Schemas["Email"] }) {
  const behind = l.target !== "" && l.target !== l.url;
  return (
    <li className={rows.link}>
      <span className={rows.icon} aria-hidden>{l.location === "QRCode" ? <QrCode20Regular /> : <Link16Regular />}</span>
      <div className={rows.what}>
        <Value field="Url" value={l.url} className="mono"><Untrusted text={l.defanged || defang(l.url)} spelling /></Value>
        {behind && <p className={rows.target}><ArrowRight16Regular aria-hidden /><span>leads to <Value field="Url" value={l.target} className="mono"><Untrusted text={defang(l.target)} spelling /></Value></span></p>}
        {l.text && l.text !== l.url && <p>Shown as <q><Untrusted text={l.text} /></q></p>}
        {claims[0] && <p className={rows.odd}><Warning16Regular aria-hidden /><Untrusted text={claims[0].claim} /></p>}
        {claims.length > 1 && <p className={rows.dim}><Untrusted text={`Also: ${claims.slice(1).map((s) => s.claim).join("; ")}`} /></p>}
        {l.visit && <VisitNote visit={l.visit} target={l.target} email={email} />}
      </div>
      <span className={rows.side}>{placeOf(l)}{times > 1 && <><br /><span className="num">{number(times)} times</span></>}</span>
    </li>
  );
}
