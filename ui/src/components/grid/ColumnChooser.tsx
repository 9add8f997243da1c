import { Button, Checkbox, Popover, PopoverSurface, PopoverTrigger, Tooltip } from "@fluentui/react-components";
import { useState, type DragEvent } from "react";
import { ArrowDown16Regular, ArrowUp16Regular, ColumnEdit20Regular, ReOrderDotsVertical16Regular } from "../icons";
import { chosen, columns, usualColumns } from "./columns";
import styles from "./ColumnChooser.module.css";

/** Which columns a list has, and their order: by dragging, or with the arrows. Kept for the operator. */
export function ColumnChooser({ kept, onChange }: { kept: readonly string[]; onChange: (fields: string[]) => void }) {
  const mine = chosen(kept);
  const [drag, setDrag] = useState<string>();
  const fields = mine.map((c) => c.field);
  const rest = columns.filter((c) => !fields.includes(c.field));
  const move = (field: string, to: number) => {
    const next = fields.filter((f) => f !== field);
    next.splice(Math.max(0, Math.min(next.length, to)), 0, field);
    onChange(next);
  };
  return (
    <Popover positioning="below-end" trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Tooltip content="Columns" relationship="label"><Button appearance="subtle" size="small" icon={<ColumnEdit20Regular />} /></Tooltip>
      </PopoverTrigger>
      <PopoverSurface className={styles.surface} aria-label="Columns">
        <div className={styles.head}>
          <h2>Columns, in this order</h2>
          <button type="button" className="textbutton" onClick={() => onChange([...usualColumns])}>The usual ones</button>
        </div>
        <ul className={styles.list}>
          {mine.map((c, i) => {
            const fixed = c.field === "Subject" || c.field === "ThreatTypes";
            return (
              <li
                key={c.field}
                draggable
                className={drag === c.field ? styles.dragged : undefined}
                onDragStart={(e: DragEvent) => {
                  e.dataTransfer.effectAllowed = "move";
                  setDrag(c.field);
                }}
                onDragOver={(e) => {
                  e.preventDefault();
                  if (drag && drag !== c.field) move(drag, i);
                }}
                onDragEnd={() => setDrag(undefined)}
              >
                <ReOrderDotsVertical16Regular aria-hidden className={styles.grip} />
                <Checkbox checked disabled={fixed} label={c.label} onChange={() => onChange(fields.filter((f) => f !== c.field))} />
                <button type="button" className={styles.arrow} aria-label={`${c.label}: earlier`} disabled={i === 0} onClick={() => move(c.field, i - 1)}><ArrowUp16Regular aria-hidden /></button>
                <button type="button" className={styles.arrow} aria-label={`${c.label}: later`} disabled={i === mine.length - 1} onClick={() => move(c.field, i + 1)}><ArrowDown16Regular aria-hidden /></button>
              </li>
            );
          })}
          {rest.map((c) => (
            <li key={c.field}>
              <span className={styles.grip} />
              <Checkbox checked={false} label={c.label} onChange={() => onChange([...fields, c.field])} />
            </li>
          ))}
        </ul>
        <p className={styles.note}>On a narrow screen the last ones give way, never the subject, the verdict or what was done.</p>
      </PopoverSurface>
    </Popover>
  );
}
