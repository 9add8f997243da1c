import { ArrowRight16Regular } from "../../components/icons";
import { fieldName, valueName } from "./decide";
import styles from "./Policy.module.css";

/** What differs between two states of the policy, one line a setting. */
export function Diff({ changes }: { changes: readonly { field: string; before: string; after: string }[] }) {
  return (
    <ul className={styles.diff}>
      {changes.map((c) => (
        <li key={c.field}>
          {fieldName(c.field)}: <s>{valueName(c.field, c.before)}</s><ArrowRight16Regular aria-label="becomes" /><b>{valueName(c.field, c.after)}</b>
        </li>
      ))}
    </ul>
  );
}
