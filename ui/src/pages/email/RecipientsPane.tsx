import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { writeEmail, type EmailState } from "../../address/email";
import { useAddress } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { outcomes, placeWord } from "../../components/outcome";
import { Untrusted } from "../../components/Untrusted";
import { ActionWord } from "../../components/Verdict";
import { holds, finder } from "../../text/find";
import { number } from "../../time/zone";
import styles from "./Email.module.css";
import { tally } from "./reasons";
import rows from "./Rows.module.css";

/** From how many on a list of recipients wants a search. */
const many = 15;

/** Everybody who got the message: each is an event of its own, with its own way and its own end. */
export function RecipientsPane({ email, state }: { email: Schemas["Email"]; state: EmailState }) {
  const address = useAddress();
  const [find, setFind] = useState("");
  const all = email.recipients;
  const kinds = tally(all);
  const re = finder(find);
  const shown = re ? all.filter((r) => holds(r.RecipientEmailAddress, re)) : all;
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Recipients</h2>
        <span className="num">{number(all.length)}{all.length > 1 && (kinds.length === 1 ? `, all ${words(kinds[0]!.outcome)}` : `: ${kinds.map((t) => `${number(t.n)} ${words(t.outcome)}`).join(", ")}`)}</span>
        <span className={styles.push} />
        {all.length >= many && (
          <label className={styles.search}><span className="unseen">Search the recipients</span><input value={find} placeholder="Search recipients" spellCheck={false} autoComplete="off" onChange={(e) => setFind(e.target.value)} /></label>
        )}
      </div>
      {shown.length === 0 ? <EmptyState small title="No such recipient" why="Nobody among those who got this message has that in their address." /> : (
        <table className={rows.table}>
          <thead><tr><th scope="col">Recipient</th><th scope="col" className={rows.action}>Outcome</th><th scope="col" className={rows.place}>Delivery action</th><th scope="col" className={rows.place}>Latest location</th></tr></thead>
          <tbody>
            {shown.map((r) => {
              const here = r.RecipientEmailAddress === email.event.RecipientEmailAddress;
              return (
                <tr key={r.RecipientEmailAddress} aria-current={here ? "true" : undefined}>
                  <td>
                    <Link to="." search={writeEmail({ ...state, recipient: r.RecipientEmailAddress }, address)}><Untrusted text={r.RecipientEmailAddress} /></Link>
                    {here && <span className={rows.here}> shown here</span>}
                  </td>
                  <td><ActionWord outcome={r.outcome} /></td>
                  <td className={rows.place}>{r.DeliveryAction}</td>
                  <td className={rows.place}>{placeWord(r.LatestDeliveryLocation)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {all.length >= 1000 && <p className={styles.dim}>Only the first 1,000 by address are listed; Explorer lists all of them.</p>}
    </section>
  );
}

function words(outcome: keyof typeof outcomes): string {
  const long = outcomes[outcome].long;
  return long.charAt(0).toLowerCase() + long.slice(1);
}
