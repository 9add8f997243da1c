import { Button, Field, Select, Spinner } from "@fluentui/react-components";
import type { UseMutationResult } from "@tanstack/react-query";
import { CheckmarkCircle16Regular, ErrorCircle16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useEvidence } from "../../../text/useEvidence";
import { number } from "../../../time/zone";
import { Time } from "../../account/Time";
import { Refusals } from "./FeedFlyout";
import styles from "./Feeds.module.css";
import type { Asked, Settings, Trial } from "./queries";

interface Props { settings: Settings; trial: UseMutationResult<Trial, Error, Asked>; asked: Asked; onChange: (c: Partial<Settings>) => void }

/** What the other side said: whether it can be read, and the first entries as they would be taken in. */
export function TrialStep({ settings: s, trial, asked, onChange }: Props) {
  const again = <Button size="small" onClick={() => trial.mutate(asked)}>Test again</Button>;
  if (trial.error) return <ProblemNote error={trial.error} onRetry={() => trial.mutate(asked)} />;
  if (trial.isPending) return <div role="status"><Spinner size="small" label="Connecting and reading the beginning, for at most 50 seconds" labelPosition="after" /></div>;
  const t = trial.data;
  if (!t) return <div>{again}</div>;
  return (
    <>
      {t.good ? (
        <p className={`${styles.said} ${styles.good}`} role="status"><CheckmarkCircle16Regular aria-hidden /><span><b>It can be read.</b> {t.found.map((f) => `${f}.`).join(" ")}</span></p>
      ) : (
        <div className={`${styles.said} ${styles.bad}`} role="alert"><ErrorCircle16Regular aria-hidden /><div><p><b>It cannot be read: <Untrusted text={t.problem} /></b></p><p>{t.field === "secret" ? "Go back and give the key or password anew." : t.field === "url" ? "Go back and look at the address." : "Go back and change the settings, or test again."}</p></div></div>
      )}
      {s.kind === "taxii" && t.collections.length > 0 && (
        <Field label="Collection" required>
          <Select value={s.collection ?? ""} onChange={(_, d) => onChange({ collection: d.value, root: t.collections.find((c) => c.id === d.value)?.root ?? "" })}>
            <option value="" disabled>Choose one</option>
            {t.collections.map((c) => <option key={c.root + c.id} value={c.id} disabled={!c.can_read}>{c.title || c.id}{c.can_read ? "" : " (may not be read)"}</option>)}
          </Select>
        </Field>
      )}
      <Rows trial={t} />
      {t.refused_count > 0 && <details><summary>{number(t.refused_count)} refused: they are no indicators</summary><Refusals list={t.refused} count={t.refused_count} /></details>}
      <Notes list={t.notes} />
      <div>{again}</div>
    </>
  );
}

function Notes({ list }: { list: readonly string[] }) {
  const evidence = useEvidence();
  return list.length === 0 ? null : <ul className={styles.notes} aria-label="Notes">{list.map((n, i) => <li key={i}><Untrusted text={evidence(n)} /></li>)}</ul>;
}

function Rows({ trial: t }: { trial: Trial }) {
  const evidence = useEvidence();
  if (t.rows.length === 0) return null;
  return (
    <>
      <p className={styles.faded}>{t.counts.map((c) => `${number(c.count)} ${c.kind}`).join(", ")}{t.ignored > 0 && `; ${number(t.ignored)} entries are nothing that is seen in mail`}. The first {number(t.rows.length)}:</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="First entries">
        <table className={styles.table}>
          <thead><tr><th>Kind</th><th>Value</th><th>Threat</th><th>State</th><th className={styles.n}>Confidence</th><th>TLP</th><th>Until</th></tr></thead>
          <tbody>
            {t.rows.map((r, i) => (
              <tr key={i}>
                <td>{r.good ? `${r.kind}, harmless` : r.kind}</td><td className="mono"><Untrusted text={evidence(r.value)} spelling /></td><td><Untrusted text={r.threat} /></td><td>{r.state}</td>
                <td className={`${styles.n} num`}>{r.confidence || ""}</td><td>{r.tlp}</td><td>{r.until && <Time at={r.until} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
