import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { MouseEvent, ReactNode } from "react";
import { useKeys } from "../../shell/keys";
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
}

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
  /** Instead of rows, when there are none. */
  empty: ReactNode;
  foot?: ((first: number, last: number) => ReactNode) | undefined;
}

/** A list of any length of one kind of thing: only what is in sight is in the document. j k o m and the arrow keys work as in the list of mail. */
export function ListGrid<T>({ label, rows, keyOf, columns, total, more, loading, onMore, onOpen, opened, rowHeight = 34, empty, foot }: Props<T>) {
  const [scroller, width] = useWidth(1000);
  const openMenu = useValueMenu();
  const shown = columns.filter((c) => c.from === undefined || width >= c.from);
  const template = `12px ${tracks(shown.map((c) => ({ field: c.key, min: c.min, grow: c.grow })))}`;
  const cursor = useCursor({ scroller, count: rows.length, columns: shown.length, column: 0, rowHeight, more, loading, onMore });
  const { at, col } = cursor;
  const valueAt = () => (rows[at] === undefined ? undefined : shown[col]?.value?.(rows[at]));
  const menu = () => {
    const v = valueAt(), el = cursor.cellAt(at, col);
    if (v && el) openMenu({ ...v, target: el.querySelector<HTMLElement>("[data-value]") ?? el });
  };
  const open = () => rows[at] !== undefined && onOpen?.(rows[at]);
  useKeys({ j: cursor.down, k: cursor.up, o: open, m: menu }, rows.length > 0);

  const keys = cursor.keys({ ContextMenu: menu, Enter: open, " ": open });
  const click = (e: MouseEvent<HTMLDivElement>) => {
    const cell = (e.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell || window.getSelection()?.isCollapsed === false) return;
    const [r = 0, c = 0] = (cell.dataset["cell"] ?? "").split(":").map(Number);
    cursor.point(r, c);
    const row = rows[r], value = row === undefined ? undefined : shown[c]?.value?.(row);
    const target = (e.target as HTMLElement).closest<HTMLElement>("[data-value]");
    if (value && target) openMenu({ ...value, target });
    else if (row !== undefined) {
      cell.focus({ preventScroll: true });
      onOpen?.(row);
    }
  };

  return (
    <div className={styles.box}>
      <div ref={scroller} className={styles.scroller}>
        {rows.length > 0 && (
          <div role="grid" aria-label={label} aria-rowcount={total < 0 ? -1 : total + 1} aria-colcount={shown.length} className={styles.grid} onKeyDown={keys}>
            <div role="rowgroup" className={styles.head}>
              <div role="row" aria-rowindex={1} className={styles.headrow} style={{ gridTemplateColumns: template, height: headHeight }}>
                <i aria-hidden />
                {shown.map((c) => <div key={c.key} role="columnheader" className={`clip ${c.numeric ? styles.right : ""}`}>{c.label}</div>)}
              </div>
            </div>
            <div role="rowgroup" className={styles.body} style={{ height: cursor.height }} onClick={click}>
              {cursor.items.map((v) => {
                const row = rows[v.index]!;
                return (
                  <div key={keyOf(row)} role="row" aria-rowindex={v.index + 2} aria-current={opened === keyOf(row) ? "true" : undefined} className={`${styles.row} ${onOpen ? styles.opens : ""} ${opened === keyOf(row) ? styles.open : ""}`} style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${v.start}px)` }}>
                    <i aria-hidden />
                    {shown.map((c, i) => (
                      <div key={c.key} role="gridcell" data-cell={`${v.index}:${i}`} tabIndex={v.index === at && i === col ? 0 : -1} className={`${styles.cell} ${c.numeric ? styles.right : ""}`}>
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
