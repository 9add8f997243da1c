import { memo } from "react";
import { Braces16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { revealed } from "../../text/reveal";
import { both, type Zone } from "../../time/zone";
import { meaningOf } from "./meaning";
import styles from "./ResultGrid.module.css";
import type { Cells, HuntColumn } from "./shapes";
import { numberText, plainText, timeText } from "./values";

export interface CellLook {
  zone: Zone;
  thisYear: number;
  /** Which column says what threat the row is; -1 when none does. */
  threats: number;
}

const longest = 400;

/** One value, by its type. Text is from mail: isolated, and what cannot be seen in it is named. */
export const Cell = memo(function Cell({ column, value, row, look }: { column: HuntColumn; value: unknown; row: Cells; look: CellLook }) {
  if (value === null || value === undefined) return <span data-value="" className={styles.none}>null</span>;
  if (typeof value === "object") {
    const text = plainText(value);
    return <span data-value="" className={`${styles.value} ${styles.json}`} title={revealed(text.slice(0, longest))}><Braces16Regular aria-hidden /><span className="clip"><Untrusted text={text.slice(0, 160)} /></span></span>;
  }
  if (column.type === "datetime" && typeof value === "string") {
    const t = new Date(value);
    const known = !Number.isNaN(t.getTime());
    return <time data-value="" className={`${styles.value} num`} dateTime={value} title={known ? `${both(t)}\n${value}` : value}>{timeText(value, look.zone, look.thisYear)}</time>;
  }
  if (typeof value === "number") return <span data-value="" className={`${styles.value} num ${value === 0 ? styles.zero : ""}`}>{numberText(value)}</span>;
  const text = plainText(value);
  if (text === "") return <span data-value="" className={styles.value} aria-label="empty" />;
  const threats = look.threats >= 0 ? plainText(row[look.threats]) : undefined;
  const meaning = meaningOf(column.name, value, threats);
  const shown = text.length > longest ? text.slice(0, longest) + "…" : text;
  return (
    <span data-value="" className={`${styles.value} ${column.type === "string" ? "" : "num"}`} title={revealed(text.slice(0, 2000))}>
      {meaning && <i className={styles.meaning} data-meaning={meaning} aria-hidden />}
      <span className="clip"><Untrusted text={shown} /></span>
    </span>
  );
});
