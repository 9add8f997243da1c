import { Checkbox, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useRef, type MouseEvent, type ReactNode } from "react";
import { useKeys } from "../../shell/keys";
import { ArrowDown12Regular, ArrowUp12Regular, Checkmark16Regular } from "../icons";
import { useValueMenu } from "../ValueMenu";
import { tracks } from "./fit";
import styles from "./Grid.module.css";
import { headHeight, useCursor, useWidth } from "./useCursor";

export interface ListColumn<T> {
  key: string;
  label: string;
  /** Least width in pixels, and the share of what is left. */
  min: number;
  grow: number;
  /** Shown only where the list is at least so wide. */
  from?: number;
  numeric?: boolean;
  cell: (row: T) => ReactNode;
  /** What the value menu of the cell is about; a cell without it opens the row. */
  value?: (row: T) => { field: string; value: string } | undefined;
  /** What the list can be sorted by here, in the words of whoever sorts it; the second says that the first click is for the greatest first. */
  sort?: readonly [key: string, desc: boolean];
}

/** The order of a list that can be sorted. */
interface Order { by: string; desc: boolean; onSort: (by: string, desc: boolean) => void }

/** Rows that are picked, by key. */
interface Picked { keys: ReadonlySet<string>; onPick: (keys: ReadonlySet<string>) => void }

interface Props<T> {
  label: string;
  rows: readonly T[];
  keyOf: (row: T) => string;
  columns: readonly ListColumn<T>[];
  /** How many rows there are in all; -1 while nobody knows. */
  total: number;
  more: boolean;
  loading: boolean;
  onMore: () => void;
  /** Opens a row; undefined when rows only show. */
  onOpen?: ((row: T) => void) | undefined;
  /** Key of the row that is open beside the list. */
  opened?: string | undefined;
  rowHeight?: number;
  order?: Order | undefined;
  /** Rows can be picked: by the box at their left, with x, and with Shift up to here. */
  picked?: Picked | undefined;
  /** Instead of rows, when there are none. */
  empty: ReactNode;
  foot?: ((first: number, last: number) => ReactNode) | undefined;
}

/** A list of any length of one kind of thing: only what is in sight is in the document. j k o m and the arrow keys work as in the list of mail. */
export function ListGrid<T>({ label, rows, keyOf, columns, total, more, loading, onMore, onOpen, opened, rowHeight = 34, order, picked, empty, foot }: Props<T>) {
  const [scroller, width] = useWidth(1000);
  const openMenu = useValueMenu();
  const shown = columns.filter((c) => c.from === undefined || width >= c.from);
  const lead = picked ? 1 : 0; // the column of boxes
  const template = `${picked ? 40 : 12}px ${tracks(shown.map((c) => ({ field: c.key, min: c.min, grow: c.grow })))}`;
  const cursor = useCursor({ scroller, count: rows.length, columns: shown.length + lead, column: lead, rowHeight, more, loading, onMore });
  const { at, col } = cursor;
  const valueAt = () => (rows[at] === undefined ? undefined : shown[col - lead]?.value?.(rows[at]));
  const menu = () => {
    const v = valueAt(), el = cursor.cellAt(at, col);
    if (v && el) openMenu({ ...v, target: el.querySelector<HTMLElement>("[data-value]") ?? el });
  };
  const open = () => rows[at] !== undefined && onOpen?.(rows[at]);
  const anchor = useRef(0);
  const pick = (row: number, upTo: boolean) => {
    if (!picked || rows[row] === undefined) return;
    const next = new Set(picked.keys), k = keyOf(rows[row]);
    if (upTo) {
      for (const r of rows.slice(Math.min(anchor.current, row), Math.max(anchor.current, row) + 1)) next.add(keyOf(r));
    } else if (!next.delete(k)) next.add(k);
    anchor.current = row;
    picked.onPick(next);
  };
  useKeys({ j: cursor.down, k: cursor.up, o: open, m: menu, ...(picked && { x: () => pick(at, false), X: () => pick(at, true) }) }, rows.length > 0);

  const keys = cursor.keys({ ContextMenu: menu, Enter: () => (picked && col === 0 ? pick(at, false) : open()), " ": (e) => (picked ? pick(at, e.shiftKey) : open()) });
  const click = (e: MouseEvent<HTMLDivElement>) => {
    const cell = (e.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell || window.getSelection()?.isCollapsed === false) return;
    const [r = 0, c = 0] = (cell.dataset["cell"] ?? "").split(":").map(Number);
    cursor.point(r, c);
    if (picked && c === 0) {
      cell.focus({ preventScroll: true });
      return pick(r, e.shiftKey);
    }
    const row = rows[r], value = row === undefined ? undefined : shown[c - lead]?.value?.(row);
    const target = (e.target as HTMLElement).closest<HTMLElement>("[data-value]");
    if (value && target) openMenu({ ...value, target });
    else if (row !== undefined) {
      cell.focus({ preventScroll: true });
      onOpen?.(row);
    }
  };

  const inSight = picked ? rows.filter((r) => picked.keys.has(keyOf(r))).length : 0;
  const all = () => picked?.onPick(inSight === rows.length ? new Set() : new Set([...picked.keys, ...rows.map(keyOf)]));
  return (
    <div className={styles.box}>
      <div ref={scroller} className={styles.scroller}>
        {rows.length > 0 && (
          <div role="grid" aria-label={label} aria-rowcount={total < 0 ? -1 : total + 1} aria-colcount={shown.length + lead} aria-multiselectable={picked ? true : undefined} className={styles.grid} onKeyDown={keys}>
            <div role="rowgroup" className={styles.head}>
              <div role="row" aria-rowindex={1} className={styles.headrow} style={{ gridTemplateColumns: template, height: headHeight }}>
                {picked ? (
                  <div role="columnheader" className={styles.check}><Checkbox aria-label="Select all rows that are loaded" checked={inSight === 0 ? false : inSight === rows.length ? true : "mixed"} onChange={all} /></div>
                ) : <i aria-hidden />}
                {shown.map((c) => <Head key={c.key} column={c} order={order} />)}
              </div>
            </div>
            <div role="rowgroup" className={styles.body} style={{ height: cursor.height }} onClick={click}>
              {cursor.items.map((v) => {
                const row = rows[v.index]!;
                return (
                  <div key={keyOf(row)} role="row" aria-rowindex={v.index + 2} aria-current={opened === keyOf(row) ? "true" : undefined} aria-selected={picked ? picked.keys.has(keyOf(row)) : undefined} className={`${styles.row} ${onOpen ? styles.opens : ""} ${picked?.keys.has(keyOf(row)) ? styles.selected : ""} ${opened === keyOf(row) ? styles.open : ""}`} style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${v.start}px)` }}>
                    {picked ? (
                      <div role="gridcell" data-cell={`${v.index}:0`} tabIndex={v.index === at && col === 0 ? 0 : -1} className={`${styles.cell} ${styles.check}`} aria-label={picked.keys.has(keyOf(row)) ? "Selected" : "Not selected"}>
                        <span className={styles.tick} aria-hidden>{picked.keys.has(keyOf(row)) && <Checkmark16Regular />}</span>
                      </div>
                    ) : <i aria-hidden />}
                    {shown.map((c, i) => (
                      <div key={c.key} role="gridcell" data-cell={`${v.index}:${i + lead}`} tabIndex={v.index === at && i + lead === col ? 0 : -1} className={`${styles.cell} ${c.numeric ? styles.right : ""}`}>
                        {c.value?.(row) ? <span data-value="" className={styles.value}>{c.cell(row)}</span> : c.cell(row)}
                      </div>
                    ))}
                  </div>
                );
              })}
            </div>
          </div>
        )}
        {rows.length === 0 && !loading && empty}
        {loading && (
          <Skeleton className={styles.wait} aria-label={`Reading ${label.toLowerCase()}`}>
            {Array.from({ length: rows.length === 0 ? 8 : 2 }, (_, i) => <SkeletonItem key={i} size={16} />)}
          </Skeleton>
        )}
      </div>
      {foot && rows.length > 0 && <footer className={styles.foot}>{foot(cursor.first, cursor.last)}</footer>}
    </div>
  );
}

function Head<T>({ column: c, order }: { column: ListColumn<T>; order: Order | undefined }) {
  if (!order || !c.sort) return <div role="columnheader" className={`clip ${c.numeric ? styles.right : ""}`}>{c.label}</div>;
  const [by, first] = c.sort;
  const on = order.by === by;
  return (
    <div role="columnheader" aria-sort={on ? (order.desc ? "descending" : "ascending") : "none"} className={c.numeric ? styles.right : undefined}>
      <button type="button" className="clip" onClick={() => order.onSort(by, on ? !order.desc : first)}>
        <span className="clip">{c.label}</span>
        {on && (order.desc ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}
      </button>
    </div>
  );
}
