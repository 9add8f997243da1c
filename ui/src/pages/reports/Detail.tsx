import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { ArrowDownload16Regular } from "../../components/icons";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { defang } from "../../text/defang";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { clock, day, full, number, year } from "../../time/zone";
import type { Column, Report, Row, Table } from "./queries";
import { explorerSearch } from "./ReportPane";
import styles from "./Reports.module.css";
import { huntingSearch, ShowKql } from "./ShowKql";

/** A table of a report. The first number of a row leads to as many rows of mail, or of a query. */
export function Detail({ table, report, href }: { table: Table; report: Report; href: string }) {
  const first = table.columns.findIndex((c) => c.kind === "number");
  const id = `detail-${table.key}`;
  return (
    <section className={`card ${styles.detail}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{table.title}</h2>
        <span className={styles.faded}>{table.says}</span>
        <span className={styles.push} />
        <ShowKql label={table.title} asked={[{ label: table.title, says: "", kql: table.kql }]} range={report} />
        <Button as="a" size="small" href={href} download icon={<ArrowDownload16Regular />} aria-label={`${table.title} as CSV`} title="All rows as a file. The download is recorded.">CSV</Button>
      </header>
      {table.rows.length === 0 ? <p className={styles.none}>Nothing in this time.</p> : (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={`Rows: ${table.title}`}>
          <table className={styles.table}>
            <thead><tr>{table.columns.map((c) => <th key={c.key} scope="col" data-kind={c.kind}>{c.label}</th>)}</tr></thead>
            <tbody>
              {table.rows.map((row, i) => (
                <tr key={i}>{table.columns.map((c, k) => <td key={c.key} data-kind={c.kind}>{k === first ? <Way row={row} report={report}><Cell column={c} text={row.cells[k] ?? ""} /></Way> : <Cell column={c} text={row.cells[k] ?? ""} />}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {table.cut && <p className={styles.none}>Only the first {number(table.rows.length)} rows are here. The CSV file and the query have more.</p>}
    </section>
  );
}

function Way({ row, report, children }: { row: Row; report: Report; children: React.ReactNode }) {
  const hunt = useMay("hunt.run");
  if (row.explorer) return <Link to="/explorer" search={explorerSearch(row.explorer)} preload={false} title="Show in Explorer">{children}</Link>;
  if (row.kql && hunt) return <Link to="/hunting" search={huntingSearch(row.kql, report)} preload={false} title="Show in Hunting">{children}</Link>;
  return <>{children}</>;
}

function Cell({ column, text }: { column: Column; text: string }) {
  const zone = useZone();
  const evidence = useEvidence();
  if (text === "") return <span className={styles.faded}>–</span>;
  switch (column.kind) {
    case "number": return <span className="num">{number(Number(text))}</span>;
    case "day": return <span className="num">{text}</span>;
    case "time": {
      const t = new Date(text);
      return <time className="num" dateTime={text} title={full(t, zone)}>{day(t, zone)} {year(t, zone)}, {clock(t, zone)}</time>;
    }
    case "link": return <span className={styles.long}><Untrusted text={defang(text)} /></span>;
    case "address": return <span className={styles.long}><Untrusted text={evidence(text)} spelling /></span>;
    case "threats": return <span className={styles.long}>{text.split(", ").map((n, i) => <Fragment key={n}>{i > 0 && ", "}<ThreatName name={n} /></Fragment>)}</span>;
    case "text": return <span className={styles.long}><Untrusted text={text} /></span>;
  }
}
