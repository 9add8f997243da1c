import { Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { Add16Regular, ChevronDown16Regular, ChevronRight16Regular, Table16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { number } from "../../../time/zone";
import { useSamples, useSchema } from "../queries";
import type { HuntTable, HuntTableColumn } from "../shapes";
import styles from "./Side.module.css";

const usual = 12;

/** Tables and their columns; a click puts a name where the cursor is. */
export function SchemaPane({ find, onInsert }: { find: string; onInsert: (name: string) => void }) {
  const schema = useSchema();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set(["EmailEvents"]));
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  if (schema.error) return <ProblemNote error={schema.error} onRetry={() => void schema.refetch()} />;
  if (!schema.data) return <Skeleton className={styles.wait} aria-label="Reading the schema">{Array.from({ length: 10 }, (_, i) => <SkeletonItem key={i} size={16} />)}</Skeleton>;
  const wanted = find.trim().toLowerCase();
  const has = (s: string) => s.toLowerCase().includes(wanted);
  const shown = schema.data.tables
    .map((t) => ({ t, columns: wanted === "" || has(t.name) ? t.columns : t.columns.filter((c) => has(c.name)) }))
    .filter(({ t, columns }) => wanted === "" || has(t.name) || columns.length > 0)
    .sort((a, b) => rank(a.t) - rank(b.t));
  const toggle = (set: ReadonlySet<string>, name: string) => {
    const next = new Set(set);
    if (!next.delete(name)) next.add(name);
    return next;
  };
  if (shown.length === 0) return <p className={styles.note}>No table or column has “{find}” in its name.</p>;
  return (
    <ul aria-label="Tables">
      {shown.map(({ t, columns }) => {
        const searched = wanted !== "" && !has(t.name);
        const isOpen = searched || open.has(t.name);
        const few = searched || whole.has(t.name) || columns.length <= usual + 3 ? columns : columns.slice(0, usual);
        return (
          <li key={t.name}>
            <div className={`${styles.row} ${styles.table} ${t.collected ? "" : styles.off}`} data-open={isOpen}>
              <Tooltip content={{ children: <TableTip table={t} /> }} relationship="description" positioning="after" withArrow>
                <button type="button" className={styles.main} aria-expanded={isOpen} onClick={() => setOpen(toggle(open, t.name))}>
                  {isOpen ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />}
                  <Table16Regular aria-hidden />
                  <span className={`${styles.name} clip`}>{t.name}</span>
                  <span className={styles.quiet}>{t.legacy ? "old" : t.collected ? (isOpen ? `${t.columns.length} columns` : "") : "empty"}</span>
                </button>
              </Tooltip>
              <button type="button" className={styles.act} aria-label={`Insert ${t.name}`} onClick={() => onInsert(t.name)}><Add16Regular aria-hidden /></button>
            </div>
            {isOpen && (
              <ul aria-label={`Columns of ${t.name}`}>
                {few.map((c) => <ColumnRow key={c.name} table={t} column={c} onInsert={onInsert} />)}
                {few.length < columns.length && <li><button type="button" className={`textbutton ${styles.more}`} onClick={() => setWhole(toggle(whole, t.name))}>{number(columns.length - few.length)} more</button></li>}
              </ul>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const rank = (t: HuntTable) => (t.legacy ? 2 : t.collected ? 0 : 1);

function TableTip({ table }: { table: HuntTable }) {
  return (
    <div className={styles.tip}>
      <b>{table.name}</b>
      <span>{table.doc}</span>
      {!table.collected && <small>Nothing fills this table here yet: questions to it are right and find nothing.</small>}
      {table.legacy && <small>Kept for old queries.</small>}
    </div>
  );
}

function ColumnRow({ table, column, onInsert }: { table: HuntTable; column: HuntTableColumn; onInsert: (name: string) => void }) {
  const [seen, setSeen] = useState(false);
  return (
    <li className={`${styles.row} ${styles.column} ${column.may && !column.legacy ? "" : styles.off}`}>
      <Tooltip content={{ children: <ColumnTip table={table} column={column} seen={seen} /> }} relationship="description" positioning="after" withArrow onVisibleChange={(_, d) => d.visible && setSeen(true)}>
        <button type="button" className={styles.main} onClick={() => onInsert(column.name)}>
          <span className={`${styles.name} clip`}>{column.name}</span>
          <span className={styles.quiet}>{column.type}</span>
        </button>
      </Tooltip>
    </li>
  );
}

/** What a column means, and values that are really there. */
function ColumnTip({ table, column, seen }: { table: HuntTable; column: HuntTableColumn; seen: boolean }) {
  const text = column.type === "string";
  const samples = useSamples(table.name, column.name, seen && text && column.may && table.collected);
  const values = [...new Set([...(samples.data ?? []), ...(samples.data && samples.data.length > 0 ? [] : (column.values ?? []))])].filter((v) => v !== "").slice(0, 6);
  return (
    <div className={styles.tip}>
      <b>{column.name}: {column.type}</b>
      <span>{column.doc}</span>
      {column.legacy && <small>Kept for old queries.</small>}
      {!column.may && <small>Quotes messages: needs the permission email.preview.</small>}
      {values.length > 0 && <small>{samples.data && samples.data.length > 0 ? "Values in the last 30 days" : "Usual values"}</small>}
      {values.map((v) => <code key={v}>&quot;<Untrusted text={v.length > 100 ? v.slice(0, 99) + "…" : v} />&quot;</code>)}
    </div>
  );
}
