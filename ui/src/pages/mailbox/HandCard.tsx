import { Button } from "@fluentui/react-components";
import { SignOut20Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import base from "../policy/Policy.module.css";
import styles from "./Mailbox.module.css";
import { useRules, type Mailbox } from "./queries";

/** What must be done to get an intruder out, in order; most of it not by Tocsin. */
export function HandCard({ mailbox, onOut }: { mailbox: Mailbox; onOut: () => void }) {
  const rules = useRules(mailbox.mailbox).data;
  return (
    <section className={`card ${base.block}`} aria-labelledby="mailbox-hand">
      <div className={base.title}><h2 id="mailbox-hand">To get an intruder out</h2></div>
      <p className={styles.faded}>In this order. Tocsin does what has a button; the rest is done by hand.</p>
      <ol className={styles.hand}>
        <li><b>Change the password</b><p>In your directory, or where the mail server keeps its own. First of all: with the old one the intruder comes back.</p></li>
        <li>
          <b>Sign out everywhere</b>
          {rules?.sign_out ? (
            <>
              <p>Ends what is signed in with the old password.</p>
              <Button size="small" icon={<SignOut20Regular />} disabledFocusable={!mailbox.may_remove} title={mailbox.may_remove ? undefined : "Needs the permission email.remove, which your roles do not give"} onClick={() => mailbox.may_remove && onOut()}>Sign out everywhere</Button>
            </>
          ) : <p>{rules && rules.sign_out_say !== "" && rules.shown ? <>Tocsin cannot: <Untrusted text={rules.sign_out_say} />.</> : "Tocsin cannot here. End the sessions on the mail server."}</p>}
        </li>
        <li><b>Revoke app passwords and tokens</b><p>Also what other programs were allowed to do (OAuth consents). They work on after a new password.</p></li>
        <li><b>Look at the second factor</b><p>Remove phones and keys that the owner does not know; an intruder adds their own.</p></li>
        <li><b>Take out rules of the intruder</b><p>Under Mail rules on this page. They forward and hide mail for as long as they stand.</p></li>
        <li><b>Look where Tocsin does not</b><p>Forwarding on the mail server (aliases, .forward), shared folders and delegates, filters in the mail program, scripts that are not active.</p></li>
        <li><b>Ask the owner, by phone</b><p>What they opened, since when, and where else they use that password. Mail to this mailbox may be read by the intruder.</p></li>
        <li><b>Warn those who got mail from it</b><p>Start with what it sent outside; the links are below.</p></li>
      </ol>
    </section>
  );
}
