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
  /** What the list is asked to be sorted by when its head is clicked. */
  sort?: string;
  cell: (row: T) => ReactNode;
  /** What the value menu of the cell is about; a cell without it opens the row. */
  value?: (row: T) => { field: string; value: string } | undefined;
}

export interface ListGridProps<T> {
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
  sort?: { by: string; desc: boolean; onSort: (by: string, desc: boolean) => void } | undefined;
  /** Rows can be picked, by their keys. */
  picking?: { picked: ReadonlySet<string>; /** All that match are. */ all: boolean; onPick: (keys: ReadonlySet<string>) => void } | undefined;
}

/** A list of any length of one kind of thing: only what is in sight is in the document. j k o m and the arrow keys work as in the list of mail. */
export function ListGrid<T>({ label, rows, keyOf, columns, total, more, loading, onMore, onOpen, opened, rowHeight = 34, empty, foot, sort, picking }: ListGridProps<T>) {
  const [scroller, width] = useWidth(1000);
  const openMenu = useValueMenu();
  const shown = columns.filter((c) => c.from === undefined || width >= c.from);
  const anchor = useRef(0);
  // The first cell of a row picks it, where rows can be picked.
  const lead = picking ? 1 : 0;
  const template = `${picking ? 40 : 12}px ${tracks(shown.map((c) => ({ field: c.key, min: c.min, grow: c.grow })))}`;
  const cursor = useCursor({ scroller, count: rows.length, columns: shown.length + lead, column: lead, rowHeight, more, loading, onMore });
  const { at, col } = cursor;
  const valueAt = () => (rows[at] === undefined ? undefined : shown[col - lead]?.value?.(rows[at]));
  const menu = () => {
    const v = valueAt(), el = cursor.cellAt(at, col);
    if (v && el) openMenu({ ...v, target: el.querySelector<HTMLElement>("[data-value]") ?? el });
  };
  const open = () => rows[at] !== undefined && onOpen?.(rows[at]);
  const pick = (index: number, range: boolean) => {
    if (!picking || !rows[index]) return;
    const next = new Set(picking.picked);
    if (range) for (let i = Math.min(anchor.current, index); i <= Math.max(anchor.current, index); i++) next.add(keyOf(rows[i]!));
    else if (!next.delete(keyOf(rows[index]))) next.add(keyOf(rows[index]));
    anchor.current = index;
    picking.onPick(next);
  };
  useKeys({ j: cursor.down, k: cursor.up, o: open, m: menu, ...(picking ? { x: () => pick(at, false), X: () => pick(at, true) } : {}) }, rows.length > 0);

  const keys = cursor.keys({ ContextMenu: menu, Enter: () => (picking && col === 0 ? pick(at, false) : open()), " ": (e) => (picking ? pick(at, e.shiftKey) : open()) });
  const loaded = picking ? rows.filter((r) => picking.picked.has(keyOf(r))).length : 0;
  const click = (e: MouseEvent<HTMLDivElement>) => {
    const cell = (e.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell || window.getSelection()?.isCollapsed === false) return;
    const [r = 0, c = 0] = (cell.dataset["cell"] ?? "").split(":").map(Number);
    cursor.point(r, c);
    if (picking && c === 0) return pick(r, e.shiftKey);
    const row = rows[r], value = row === undefined ? undefined : shown[c - lead]?.value?.(row);
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
          <div role="grid" aria-label={label} aria-rowcount={total < 0 ? -1 : total + 1} aria-colcount={shown.length + lead} aria-multiselectable={picking ? true : undefined} className={styles.grid} onKeyDown={keys}>
            <div role="rowgroup" className={styles.head}>
              <div role="row" aria-rowindex={1} className={styles.headrow} style={{ gridTemplateColumns: template, height: headHeight }}>
                {picking ? (
                  <div role="columnheader" className={styles.check}>
                    <Checkbox aria-label="Select all rows that are loaded" checked={loaded === 0 ? false : loaded === rows.length ? true : "mixed"} onChange={() => picking.onPick(loaded === rows.length ? new Set() : new Set(rows.map(keyOf)))} />
                  </div>
                ) : <i aria-hidden />}
                {shown.map((c) => (
                  <div key={c.key} role="columnheader" aria-sort={!sort || !c.sort ? undefined : sort.by !== c.sort ? "none" : sort.desc ? "descending" : "ascending"} className={`clip ${c.numeric ? styles.right : ""}`}>
                    {sort && c.sort ? (
                      <button type="button" className="clip" onClick={() => sort.onSort(c.sort!, sort.by === c.sort ? !sort.desc : false)}>
                        <span className="clip">{c.label}</span>
                        {sort.by === c.sort && (sort.desc ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}
                      </button>
                    ) : c.label}
                  </div>
                ))}
              </div>
            </div>
            <div role="rowgroup" className={styles.body} style={{ height: cursor.height }} onClick={click}>
              {cursor.items.map((v) => {
                const row = rows[v.index]!;
                const chosen = picking !== undefined && (picking.all || picking.picked.has(keyOf(row)));
                return (
                  <div key={keyOf(row)} role="row" aria-rowindex={v.index + 2} aria-current={opened === keyOf(row) ? "true" : undefined} aria-selected={picking ? chosen : undefined} className={`${styles.row} ${onOpen ? styles.opens : ""} ${chosen ? styles.selected : ""} ${opened === keyOf(row) ? styles.open : ""}`} style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${v.start}px)` }}>
                    {picking ? (
                      <div role="gridcell" data-cell={`${v.index}:0`} tabIndex={v.index === at && col === 0 ? 0 : -1} aria-label={chosen ? "Selected" : "Not selected"} className={styles.check}><span className={styles.tick} aria-hidden>{chosen && <Checkmark16Regular />}</span></div>
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
