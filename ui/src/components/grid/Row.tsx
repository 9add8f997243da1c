import { memo } from "react";
import type { EmailRow } from "../../api/client";
import { revealed } from "../../text/reveal";
import { Checkmark16Regular } from "../icons";
import { Untrusted } from "../Untrusted";
import type { Column, Look } from "./columns";
import styles from "./Grid.module.css";

interface Props {
  row: EmailRow;
  index: number;
  start: number;
  height: number;
  columns: readonly Column[];
  template: string;
  look: Look;
  selected: boolean;
  open: boolean;
  /** Column with the focus, -1 when it is in another row. */
  focus: number;
}

/** One email event. Clicks are read by the grid from data-cell and data-value. */
export const Row = memo(function Row({ row, index, start, height, columns, template, look, selected, open, focus }: Props) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-current={open ? "true" : undefined}
      className={`${styles.row} ${selected ? styles.selected : ""} ${open ? styles.open : ""}`}
      style={{ gridTemplateColumns: template, height, transform: `translateY(${start}px)` }}
    >
      <div role="gridcell" data-cell={`${index}:0`} tabIndex={focus === 0 ? 0 : -1} className={styles.check} aria-label={`${selected ? "Selected" : "Not selected"}: ${revealed(row.Subject) || "no subject"}`}>
        <span className={styles.tick} aria-hidden>{selected && <Checkmark16Regular />}</span>
      </div>
      {columns.map((c, i) => {
        const content = c.cell ? c.cell(row, look) : <span className="clip" title={revealed(c.value(row))}><Untrusted text={c.value(row)} /></span>;
        return (
          <div key={c.field} role="gridcell" data-cell={`${index}:${i + 1}`} tabIndex={focus === i + 1 ? 0 : -1} aria-haspopup={c.opens ? undefined : "menu"} className={`${styles.cell} ${c.numeric ? styles.right : ""}`}>
            {c.opens ? content : <span data-value="" className={styles.value}>{content}</span>}
          </div>
        );
      })}
    </div>
  );
});
