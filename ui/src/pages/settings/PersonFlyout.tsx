import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSettingsAddress } from "../../address/useSettingsAddress";
import { DetailFlyout } from "../../components/DetailFlyout";
import { steps } from "../../components/Flyout";
import { Star12Filled, Star16Regular, StarOff16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { useMarkPriority, usePeople, usePerson, type Person } from "./queries";
import styles from "./Settings.module.css";

/** One person beside the list: everything known of them, and whether they are a priority account. */
export function PersonFlyout({ address }: { address: string }) {
  const [{ search, priority }, change] = useSettingsAddress();
  const person = usePerson(address);
  const people = usePeople(search, priority);
  const rows = people.data?.pages.flatMap((p) => p.people) ?? [];
  const at = rows.findIndex((p) => p.address === address);
  const total = people.data?.pages[0]?.total ?? rows.length;
  return (
    <DetailFlyout what="person" detail={person} label={() => `Person ${address}`} {...steps(rows, at, false, (p) => change({ person: p.address }))} {...(at >= 0 && { position: `${number(at + 1)} of ${number(total)}` })} onClose={() => change({ person: "" })}>
      {(p) => <Body key={p.address} person={p} />}
    </DetailFlyout>
  );
}

function Body({ person: p }: { person: Person }) {
  const may = useMay("directory.manage");
  const look = useMay("mailbox.read");
  const mark = useMarkPriority();
  const fact = (name: string, value: ReactNode) => <><dt>{name}</dt><dd>{value}</dd></>;
  const list = (values: readonly string[]) => values.map((v) => <div key={v}><Untrusted text={v} spelling /></div>);
  return (
    <div className={styles.person}>
      <div>
        <h2><Untrusted text={p.name || p.address} /></h2>
        <p className="mono"><Untrusted text={p.address} spelling /></p>
      </div>
      <p className={styles.state} role="status">{p.priority ? <><Star12Filled className={styles.star} aria-hidden />Priority account</> : "No priority account"}<span className={styles.quiet}>{p.marked ? "said by an operator" : p.priority ? "said by the sources" : ""}</span></p>
      <div className={styles.acts}>
        <Button icon={p.priority ? <StarOff16Regular /> : <Star16Regular />} disabledFocusable={!may || mark.isPending} title={may ? undefined : "Needs the permission directory.manage, which your roles do not give"} onClick={() => may && mark.mutate({ address: p.address, priority: !p.priority })}>
          {p.priority ? "Take the mark away" : "Mark as priority account"}
        </Button>
        {look && <Link to="/mailbox/$address" params={{ address: p.address }}>Open mailbox</Link>}
      </div>
      <p className={styles.quiet}>The name of a priority account is watched closely, Explorer marks their mail, and the policy can be stricter with it. It holds whatever the sources say, and is on record.{!may && " Changing it needs the permission directory.manage."}</p>
      {mark.error ? <ProblemNote error={mark.error} /> : null}
      <dl className={base.facts}>
        {p.title && fact("Title", <Untrusted text={p.title} />)}
        {p.department && fact("Department", <Untrusted text={p.department} />)}
        {p.manager && fact("Manager", <Untrusted text={p.manager} />)}
        {p.groups.length > 0 && fact("Groups", <Untrusted text={p.groups.join(", ")} />)}
        {p.aliases.length > 0 && fact("Other addresses of the mailbox", list(p.aliases))}
        {p.private.length > 0 && fact("Writes from outside as", list(p.private))}
        {fact("Known from", <Untrusted text={p.sources.join(", ")} />)}
        {fact("The name is", p.protected || p.priority ? "watched closely" : "watched")}
      </dl>
    </div>
  );
}
