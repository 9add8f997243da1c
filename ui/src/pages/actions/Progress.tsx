import { number } from "../../time/zone";
import styles from "./Actions.module.css";
import type { Action, Counts } from "./words";

const parts: readonly [of: keyof Counts, word: string, tone: string][] = [
  ["done", "Done", "good"], ["todo", "To do", "todo"], ["failed", "Failed", "bad"], ["skipped", "Left alone", "odd"], ["not_found", "Not found", "gone"], ["cancelled", "Cancelled", "none"],
];

/** All targets of an action by what became of them: a bar and the same in words. */
export function Progress({ action: a }: { action: Action }) {
  const c = a.counts;
  const shown = parts.filter(([of]) => c[of] > 0 || of === "done");
  return (
    <div className={styles.progress}>
      <div className={styles.bar} role="progressbar" aria-label="Targets that are finished" aria-valuemin={0} aria-valuemax={c.targets} aria-valuenow={c.targets - c.todo}>
        {parts.map(([of, , tone]) => c[of] > 0 && <i key={of} data-tone={tone} style={{ flexGrow: c[of] }} />)}
      </div>
      <ul className={styles.legend}>
        {shown.map(([of, word, tone]) => <li key={of}><i data-tone={tone} aria-hidden />{word} <b className="num">{number(c[of])}</b></li>)}
        <li className={styles.sum}>of <b className="num">{number(c.targets)}</b> in {number(c.mailboxes)} {c.mailboxes === 1 ? "mailbox" : "mailboxes"}</li>
        {c.drifted > 0 && <li><i data-tone="odd" aria-hidden />Drifted <b className="num">{number(c.drifted)}</b></li>}
      </ul>
    </div>
  );
}
