import styles from "./Rules.module.css";
import { severityRank, severityWord } from "./words";

/** How bad: three bars and the word; it has no colour. */
export function Severity({ value }: { value: string }) {
  const n = severityRank[value];
  if (n === undefined) return null;
  return (
    <span className={styles.severity} data-high={value === "high"}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {[0, 1, 2].map((i) => <rect key={i} x={i * 4.5} y={8 - i * 4} width="3" height={4 + i * 4} rx="0.5" data-on={i < n} />)}
      </svg>
      {severityWord(value)}
    </span>
  );
}
