import { Button } from "@fluentui/react-components";
import { ArrowSync16Regular, CheckmarkCircle16Regular, ErrorCircle16Regular, Warning16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Mailbox.module.css";
import type { Deed, Mailbox } from "./queries";
import { RuleText } from "./RuleText";

const states = {
  Done: { icon: <CheckmarkCircle16Regular aria-hidden />, word: "Done", tone: "good" },
  Failed: { icon: <ErrorCircle16Regular aria-hidden />, word: "Not done", tone: "bad" },
  Unclear: { icon: <Warning16Regular aria-hidden />, word: "Not known whether it was done", tone: "odd" },
  Begun: { icon: <ArrowSync16Regular aria-hidden />, word: "Begun; look again to see how it went", tone: "odd" },
} as const;

/** What was meant, where it was not done or nobody knows. */
const meant = { "Rule removed": "Taking a rule out", "Rule put back": "Putting a rule back", "Signed out everywhere": "Signing out everywhere" } as const;

/** What first aid did in the mailbox, newest first. */
export function HistoryCard({ mailbox, onBack }: { mailbox: Mailbox; onBack: (d: Deed) => void }) {
  return (
    <section className={`card ${base.block}`} aria-labelledby="mailbox-history">
      <div className={base.title}><h2 id="mailbox-history">What was done here</h2><span>newest first</span></div>
      {mailbox.deeds.length === 0 ? <p className={styles.faded}>Nothing yet. What you take out or put back stands here, with your name and reason.</p> : (
        <ol className={styles.deeds}>{mailbox.deeds.map((d) => <One key={d.id} deed={d} may={mailbox.may_remove && mailbox.reached} onBack={() => onBack(d)} />)}</ol>
      )}
    </section>
  );
}

function One({ deed: d, may, onBack }: { deed: Deed; may: boolean; onBack: () => void }) {
  const zone = useZone();
  const evidence = useEvidence();
  const s = states[d.state];
  return (
    <li>
      <div className={styles.rulehead}>
        <span>
          <b>{d.state === "Done" ? d.kind : meant[d.kind]}</b>
          <span className={styles.state} data-tone={s.tone}>{s.icon}{s.word}</span>
          {d.put_back !== "" && <span className={styles.faded}>put back since</span>}
        </span>
        {d.can_back && <Button size="small" disabledFocusable={!may} title={may ? undefined : "Needs the permission email.remove, and a mail system that reaches the mailbox"} onClick={() => may && onBack()}>Put back</Button>}
      </div>
      <p className={styles.by}><time className="num" dateTime={d.at} title={both(new Date(d.at))}>{full(new Date(d.at), zone)}</time> by <Untrusted text={d.by} />: <q><Untrusted text={d.reason} /></q></p>
      {d.say !== "" && <p className={styles.by}><Untrusted text={evidence(d.say)} /></p>}
      {d.rule !== "" && <details><summary>{d.why !== "" ? <>The rule that <Untrusted text={evidence(d.why)} /></> : "The rule"}</summary><RuleText text={d.rule} label={`The rule of ${full(new Date(d.at), zone)}, ${d.kind.toLowerCase()}`} /></details>}
    </li>
  );
}
