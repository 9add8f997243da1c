import { Link } from "@tanstack/react-router";
import { inExplorer, inHunting } from "../../../components/asked";
import { number } from "../../../time/zone";
import type { Figure } from "./queries";
import styles from "./Trackers.module.css";

/** A number that opens the question it is the answer of: Explorer where it can, Hunting otherwise. The count there is this one. */
export function Count({ of, what }: { of: Figure; what: string }) {
  const hunting = of.explorer ? undefined : inHunting(of.kql, of);
  const label = `${number(of.value)} ${what}; show in ${of.explorer ? "Explorer" : "Hunting"}`;
  if (of.explorer) return <Link className={`num ${styles.count}`} to="/explorer" search={inExplorer(of.explorer) as never} aria-label={label} title={label}>{number(of.value)}</Link>;
  if (hunting) return <Link className={`num ${styles.count}`} to="/hunting" search={hunting as never} aria-label={label} title={label}>{number(of.value)}</Link>;
  return <span className="num">{number(of.value)}</span>;
}

/** Counts over time as bars: the last is the newest. */
export function Spark({ counts, what, wide }: { counts: readonly number[]; what: string; wide?: boolean }) {
  if (counts.length === 0) return null;
  const most = Math.max(1, ...counts);
  const step = wide ? 10 : 4, high = wide ? 56 : 20;
  const total = counts.reduce((a, b) => a + b, 0);
  return (
    <svg className={styles.spark} width={counts.length * step} height={high} viewBox={`0 0 ${counts.length * step} ${high}`} role="img" aria-label={`${what}: ${number(total)} in all, the last ${number(counts[counts.length - 1]!)}, the most ${number(most)}`}>
      {counts.map((n, i) => {
        const h = n === 0 ? 1 : Math.max(2, Math.round((n / most) * high));
        return <rect key={i} x={i * step} y={high - h} width={step - 1} height={h} data-last={i === counts.length - 1} data-none={n === 0} />;
      })}
    </svg>
  );
}
