import { useMemo, type ReactNode } from "react";
import { Untrusted } from "../../components/Untrusted";
import { useValueHandlers } from "../../components/ValueMenu";
import { useZone } from "../../time/Clock";
import { number } from "../../time/zone";
import styles from "./Hunting.module.css";
import type { Here } from "./ResultGrid";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";
import { factsOf, numberText, plainText, timeText } from "./values";

const short = (s: string) => (s.length > 60 ? s.slice(0, 59) + "…" : s);

/** What is in each column of the rows: how full it is, how many values, its range, the most common ones. */
export function Statistics({ run, here, thisYear }: { run: Run; here: (column: HuntColumn, value: unknown) => Here; thisYear: number }) {
  const zone = useZone();
  const facts = useMemo(() => run.columns.map((c, i) => factsOf(run.rows, run.count, i, c.type)), [run.columns, run.rows, run.count]);
  const shown = (c: HuntColumn, text: string) => (text === "" ? "" : c.type === "datetime" ? timeText(text, zone, thisYear) : c.type === "int" || c.type === "long" || c.type === "real" ? numberText(Number(text)) : text);
  return (
    <table className={styles.stats}>
      <thead><tr><th scope="col">Column</th><th scope="col" className={styles.n}>Filled</th><th scope="col" className={styles.n}>Values</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Most common</th></tr></thead>
      <tbody>
        {run.columns.map((c, i) => {
          const f = facts[i]!;
          return (
            <tr key={i}>
              <td><b><Untrusted text={c.name} /></b> <span className={styles.facts}>{c.type}</span></td>
              <td className={`${styles.n} num`}>{run.count === 0 ? "" : `${number(f.filled)} (${f.filled === run.count ? 100 : Math.min(99, Math.floor((f.filled / run.count) * 100))} %)`}</td>
              <td className={`${styles.n} num`}>{f.more ? "more than " : ""}{number(f.distinct)}</td>
              <td className="num">{shown(c, f.least)}</td>
              <td className="num">{shown(c, f.most)}</td>
              <td>
                <ul className={styles.tops}>
                  {f.top.map((t) => <li key={plainText(t.value)}><Top column={c} value={t.value} shown={<Untrusted text={short(shown(c, plainText(t.value)))} />} here={here(c, t.value)} /><small className="num">{number(t.count)}</small></li>)}
                  {f.top.length === 0 && f.filled > 0 && <li><small>every row another</small></li>}
                </ul>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Top({ column, value, shown, here }: { column: HuntColumn; value: unknown; shown: ReactNode; here: Here }) {
  const { handlers } = useValueHandlers();
  const text = plainText(value);
  return <button type="button" className={styles.value} aria-haspopup="menu" {...handlers(column.name, text, here)}>{shown}</button>;
}
