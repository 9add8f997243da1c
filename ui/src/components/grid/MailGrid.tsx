import { Checkbox, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useMemo, useRef, type MouseEvent, type ReactNode } from "react";
import type { EmailRow } from "../../api/client";
import { useKeys } from "../../shell/keys";
import { useCopy } from "../copy";
import { ArrowDown12Regular, ArrowUp12Regular } from "../icons";
import { addLink, useValueMenu } from "../ValueMenu";
import type { Column, Look } from "./columns";
import { fit, tracks } from "./fit";
import styles from "./Grid.module.css";
import { Row } from "./Row";
import { extend, keyOf, toggle, type Selection } from "./selection";
import { headHeight, useCursor, useWidth } from "./useCursor";

const checkWidth = 40;

interface Props {
  rows: readonly EmailRow[];
  /** How many rows there are in all; -1 while nobody knows. */
  total: number;
  more: boolean;
  loading: boolean;
  onMore: () => void;
  columns: readonly Column[];
  sort: string;
  desc: boolean;
  /** Undefined where the order is what it is. */
  onSort?: ((field: string, desc: boolean) => void) | undefined;
  selection: Selection;
  onSelect: (s: Selection) => void;
  /** Key of the open row. */
  open: string | undefined;
  onOpen: (r: EmailRow) => void;
  rowHeight: number;
  look: Omit<Look, "narrow">;
  label: string;
  /** What stands under the rows; first and last are the numbers of the rows in sight, from 1. */
  foot: (first: number, last: number) => ReactNode;
  /** Instead of rows, when there are none. */
  empty?: ReactNode;
}

/** A list of mail of any length: only what is in sight is in the document. j k x o m and the arrow keys work wherever the focus is. */
export function MailGrid(p: Props) {
  const { rows, columns, rowHeight, onSelect, selection, onOpen, more, loading, onMore } = p;
  const [scroller, width] = useWidth(1200);
  const anchor = useRef(0);
  const openMenu = useValueMenu();
  const copy = useCopy();

  const shown = useMemo(() => fit(columns, width - checkWidth - 8), [columns, width]);
  const narrow = width < 760;
  const look = useMemo(() => ({ ...p.look, narrow }), [p.look, narrow]);
  const sized = useMemo(() => (narrow ? shown.map((c) => (c.field === "Timestamp" ? { ...c, min: 76 } : c)) : shown), [shown, narrow]);
  const template = `${checkWidth}px ${tracks(sized)}`;

  const cursor = useCursor({ scroller, count: rows.length, columns: shown.length + 1, column: 2, rowHeight, more, loading, onMore });
  const { at } = cursor;
  const menu = () => {
    const row = rows[at], col = shown[cursor.col - 1];
    const el = cursor.cellAt(at, cursor.col);
    if (!row || !col || !el) return;
    openMenu({ field: col.field, value: col.value(row), target: el.querySelector<HTMLElement>("[data-value]") ?? el });
  };
  const select = (from?: number) => {
    const r = rows[at];
    if (!r) return;
    onSelect(from === undefined ? toggle(selection, r) : extend(selection, rows, from, at));
    anchor.current = at;
  };
  useKeys({
    j: cursor.down,
    k: cursor.up,
    x: () => select(),
    X: () => select(anchor.current),
    o: () => rows[at] && onOpen(rows[at]),
    m: menu,
    c: () => {
      const r = rows[at], col = shown[cursor.col - 1];
      if (r && col) copy(col.value(r), `${col.label} copied`);
    },
  }, rows.length > 0);

  const keys = cursor.keys({
    " ": (e) => select(e.shiftKey ? anchor.current : undefined),
    ContextMenu: menu,
    Enter: () => {
      const col = shown[cursor.col - 1];
      if (cursor.col === 0) select();
      else if (col?.opens) rows[at] && onOpen(rows[at]);
      else menu();
    },
  });

  // One set of handlers for all rows: what was hit is read from the cell.
  const hit = (e: MouseEvent) => {
    const cell = (e.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell) return undefined;
    const [r, c] = cell.dataset["cell"]!.split(":").map(Number) as [number, number];
    const row = rows[r];
    return row ? { r, c, row, col: shown[c - 1], value: (e.target as HTMLElement).closest<HTMLElement>("[data-value]") } : undefined;
  };
  const click = (e: MouseEvent) => {
    const h = hit(e);
    if (!h) return;
    cursor.point(h.r, h.c);
    if (h.c === 0) {
      onSelect(e.shiftKey ? extend(selection, rows, anchor.current, h.r) : toggle(selection, h.row));
      anchor.current = h.r;
    } else if (h.col && h.value && !h.col.opens) openMenu({ field: h.col.field, value: h.col.value(h.row), target: h.value });
    else onOpen(h.row);
  };
  const context = (e: MouseEvent) => {
    const h = hit(e);
    if (!h?.col) return;
    e.preventDefault();
    cursor.point(h.r, h.c);
    openMenu({ field: h.col.field, value: h.col.value(h.row), target: h.value ?? (e.target as HTMLElement) });
  };
  const middle = (e: MouseEvent) => {
    const h = e.button === 1 ? hit(e) : undefined;
    if (!h?.col) return;
    e.preventDefault();
    const link = h.col.opens ? `/email/${h.row.NetworkMessageId}?recipient=${encodeURIComponent(h.row.RecipientEmailAddress)}` : addLink(h.col.field, h.col.value(h.row));
    window.open(link, "_blank", "noopener");
  };

  const inSight = selection.rows.size === 0 ? 0 : rows.filter((r) => selection.rows.has(keyOf(r))).length;
  return (
    <div className={styles.box}>
      <div ref={scroller} className={styles.scroller}>
        <div role="grid" aria-label={p.label} aria-rowcount={p.total < 0 ? -1 : p.total + 1} aria-colcount={shown.length + 1} aria-multiselectable className={styles.grid} onKeyDown={keys}>
          <div role="rowgroup" className={styles.head}>
            <div role="row" aria-rowindex={1} className={styles.headrow} style={{ gridTemplateColumns: template, height: headHeight }}>
              <div role="columnheader" className={styles.check}>
                <Checkbox
                  aria-label="Select all rows that are loaded"
                  checked={inSight === 0 ? false : inSight === rows.length ? true : "mixed"}
                  onChange={() => onSelect(inSight === rows.length ? { rows: new Map() } : extend(selection, rows, 0, rows.length - 1))}
                />
              </div>
              {shown.map((c) => (
                <div key={c.field} role="columnheader" aria-sort={p.sort === c.field ? (p.desc ? "descending" : "ascending") : p.onSort ? "none" : undefined} className={c.numeric ? styles.right : undefined}>
                  {p.onSort ? (
                    <button type="button" className="clip" onClick={() => p.onSort?.(c.field, p.sort === c.field ? !p.desc : c.field === "Timestamp" || c.numeric === true)}>
                      <span className="clip">{c.field === "Timestamp" && !narrow ? `Time (${look.zone === "utc" ? "UTC" : "local"})` : c.label}</span>
                      {p.sort === c.field && (p.desc ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}
                    </button>
                  ) : c.field === "Timestamp" && !narrow ? `Time (${look.zone === "utc" ? "UTC" : "local"})` : c.label}
                </div>
              ))}
            </div>
          </div>
          <div
            role="rowgroup"
            className={styles.body}
            style={{ height: cursor.height }}
            onClick={click}
            onContextMenu={context}
            onAuxClick={middle}
            onMouseDown={(e) => e.button === 1 && e.preventDefault()}
          >
            {cursor.items.map((v) => {
              const r = rows[v.index]!;
              const k = keyOf(r);
              return (
                <Row
                  key={k}
                  row={r}
                  index={v.index}
                  start={v.start}
                  height={rowHeight}
                  columns={shown}
                  template={template}
                  look={look}
                  selected={selection.all !== undefined || selection.rows.has(k)}
                  open={p.open === k}
                  focus={v.index === at ? cursor.col : -1}
                />
              );
            })}
          </div>
        </div>
        {rows.length === 0 && !loading && p.empty}
        {loading && (
          <Skeleton className={styles.wait} aria-label="Reading mail">
            {Array.from({ length: rows.length === 0 ? 12 : 2 }, (_, i) => <SkeletonItem key={i} size={16} />)}
          </Skeleton>
        )}
      </div>
      <footer className={styles.foot}>{p.foot(cursor.first, cursor.last)}</footer>
    </div>
  );
}
