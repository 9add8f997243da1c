import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { RawText } from "../../components/RawText";
import { Untrusted } from "../../components/Untrusted";
import { lastReason, leastReason, ReasonField, rememberReason } from "../email/ReasonField";
import { useContent, type Detail } from "./queries";
import styles from "./Submissions.module.css";

/** The reported message as text, after a reason was given. Only where no delivered message is known: else its own page shows it. */
export function ReadIt({ d }: { d: Detail }) {
  const [reason, setReason] = useState(lastReason);
  const [asked, setAsked] = useState(false);
  const content = useContent(d.id);
  if (!d.can_look) return <p className={styles.faded}>It cannot be read here: {d.why_not}.</p>;
  const go = () => {
    if (reason.trim().length < leastReason) return;
    rememberReason(reason.trim());
    content.mutate(reason.trim());
  };
  const c = content.data;
  if (c) {
    return (
      <div className={styles.read}>
        <p className={styles.faded}>{c.quoted ? "What the reporter quoted; the message itself was never here." : "The message as text. Nothing in it can be clicked."}{c.truncated && " It is cut."}</p>
        <RawText label="The reported message" text={c.plain} />
        {c.links.length > 0 && <ol className={styles.links} aria-label="Links in it">{c.links.map((l) => <li key={l.n} className="mono"><Untrusted text={l.defanged} /></li>)}</ol>}
      </div>
    );
  }
  if (!asked) return <p><Button size="small" onClick={() => setAsked(true)}>Read it…</Button></p>;
  return (
    <div className={styles.read}>
      <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
      <p className={styles.faded}>Your name, the time and the reason go into the audit log.</p>
      <div className={styles.buttons}><Button size="small" disabled={content.isPending || reason.trim().length < leastReason} onClick={go}>Show the text</Button></div>
      {content.error ? <ProblemNote error={content.error} /> : null}
    </div>
  );
}
