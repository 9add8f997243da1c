import { useZone } from "../../time/Clock";
import { bucketName, clock, day, number, rfc3339 } from "../../time/zone";
import { Untrusted } from "../Untrusted";
import type { Chart } from "../../api/client";
import styles from "./Chart.module.css";
import { sum, type Series } from "./model";

/** The same as the chart, in numbers. Times without any email event are left out. */
export function ChartTable({ chart, series, height }: { chart: Chart; series: readonly Series[]; height: number }) {
  const zone = useZone();
  const rows = chart.starts.map((s, i) => ({ s, i, n: sum(series, i, i) })).filter((r) => r.n > 0);
  return (
    <div className={styles.tablebox} style={{ height }} tabIndex={0} role="region" aria-label="The chart as a table">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{bucketName(chart.bucket_seconds)} from</th>
            {series.map((s) => <th key={s.key} scope="col"><Untrusted text={s.label} /></th>)}
            <th scope="col">All</th>
          </tr>
        </thead>
        <tbody className="num">
          {rows.map(({ s, i, n }) => (
            <tr key={s}>
              <th scope="row"><time dateTime={rfc3339(new Date(s))}>{day(new Date(s), zone)} {clock(new Date(s), zone)}</time></th>
              {series.map((x) => <td key={x.key}>{number(x.counts[i] ?? 0)}</td>)}
              <td>{number(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p>No email event in this time.</p>}
    </div>
  );
}
