import { useState } from "react";
import { EmptyState } from "../../components/EmptyState";
import { Found } from "../../components/Found";
import { ShieldCheckmark16Regular, Warning16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { holds } from "../../text/find";
import { useEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import styles from "./Headers.module.css";
import type { HeaderRow } from "./headerrows";

/** Longer values are folded: a DKIM key says little to a reader and pushes down what does. */
const most = 420;

/** Header fields with what is odd about each. */
export function HeaderTable({ rows, re }: { rows: readonly HeaderRow[]; re: RegExp | undefined }) {
  const evidence = useEvidence();
  if (rows.length === 0) return <EmptyState small title="No field holds that" why="The search looks at names and values, written plain or defanged." />;
  return (
    <table className={styles.table}>
      <thead><tr><th scope="col">Field</th><th scope="col">Value</th><th scope="col">What is odd</th></tr></thead>
      <tbody>
        {rows.map((r) => (
          <tr key={r.at}>
            <th scope="row"><Found text={r.name} re={re} /></th>
            <td className="mono"><FieldValue text={evidence(r.value)} re={re} /></td>
            <td>
              {r.odd.map((o) => <p key={o} className={styles.odd}><Warning16Regular aria-hidden /><span><Untrusted text={evidence(o)} /></span></p>)}
              {r.ours && <p className={styles.ours}><ShieldCheckmark16Regular aria-hidden /><span>Your server wrote it</span></p>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function FieldValue({ text, re }: { text: string; re: RegExp | undefined }) {
  const [open, setOpen] = useState(false);
  if (text === "") return <span className={styles.absent}>empty</span>;
  const cut = text.length > most && !open && !(re && holds(text.slice(most - 60), re));
  return (
    <>
      <Found text={cut ? text.slice(0, most - 60) : text} re={re} />
      {cut && <> … <button type="button" className="textbutton" onClick={() => setOpen(true)}>show all {number(text.length)} characters</button></>}
    </>
  );
}
