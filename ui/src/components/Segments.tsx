import styles from "./Segments.module.css";

/** A choice of a few that are all in sight. */
export function Segments<T extends string>({ label, options, value, onChange }: { label: string; options: readonly (readonly [key: T, label: string])[]; value: T; onChange: (v: T) => void }) {
  return (
    <div className={styles.segments} role="group" aria-label={label}>
      {options.map(([key, text]) => <button key={key} type="button" aria-pressed={key === value} onClick={() => onChange(key)}>{text}</button>)}
    </div>
  );
}
