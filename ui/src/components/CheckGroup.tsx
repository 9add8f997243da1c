import { Checkbox } from "@fluentui/react-components";
import styles from "./CheckGroup.module.css";

/** Any number out of a list. A Field around checkboxes would give all of them one name. */
export function CheckGroup({ label, hint, options, value, onChange }: { label: string; hint: string; options: readonly string[]; value: readonly string[]; onChange: (v: readonly string[]) => void }) {
  return (
    <fieldset className={styles.group}>
      <legend>{label}</legend>
      <div tabIndex={0} role="group" aria-label={`List: ${label}`}>
        {options.map((o) => <Checkbox key={o} label={o} checked={value.includes(o)} onChange={(_, d) => onChange(d.checked === true ? [...value, o] : value.filter((v) => v !== o))} />)}
      </div>
      <p>{hint}</p>
    </fieldset>
  );
}
