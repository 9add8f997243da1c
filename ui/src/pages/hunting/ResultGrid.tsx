import { Checkbox } from "@fluentui/react-components";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type PointerEvent } from "react";
import { useCopy } from "../../components/copy";
import { ArrowDown12Regular, ArrowUp12Regular } from "../../components/icons";
import { useValueMenu } from "../../components/ValueMenu";
import { revealed } from "../../text/reveal";
import { useKeys } from "../../shell/keys";
import { number } from "../../time/zone";
import { useCellFocus } from "../../components/grid/useCursor";
import { useRows } from "../../components/grid/useRows";
import { Cell, type CellLook } from "./Cell";
import styles from "./ResultGrid.module.css";
import type { Cells, HuntColumn } from "./shapes";
import { plainText } from "./values";
import { places, widthsOf } from "./widths";

const headHeight = 34;
const overscan = 8;

export interface Here { include?: (() => void) | undefined; exclude?: (() => void) | undefined; group?: (() => void) | undefined }

interface Props {
  label: string;
  columns: readonly HuntColumn[];
  rows: readonly Cells[];
  /** Places of the rows in their order. */
  order: Uint32Array;
  sort: { at: number; desc: boolean };
  onSort: (at: number) => void;
  /** Selected rows, by place; undefined for a list without selection. */
  selected?: ReadonlySet<number> | undefined;
  onSelect?: ((s: ReadonlySet<number>) => void) | undefined;
  /** Place of the open row. */
  open: number;
  onOpen: (place: number) => void;
  /** Shows a dynamic value. */
  onTree: (value: unknown, name: string, target: HTMLElement) => void;
  /** What the value menu does with a value. */
  here: (column: HuntColumn, value: unknown) => Here;
  look: CellLook;
  rowHeight: number;
  /** The keys j k x o m c work wherever the focus is. */
  keys: boolean;
  pane?: string;
}

/** Rows of a query, any number and any columns: only what is in sight is in the document. */
export function ResultGrid(p: Props) {
  const { columns, rows, order, rowHeight, selected, onSelect } = p;
  const scroller = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ left: 0, width: 1000 });
  const [kept, setKept] = useState<Record<string, number>>({});
  const [cursor, setCursor] = useState({ row: 0, col: 1 });
  const anchor = useRef(0);
  const openMenu = useValueMenu();
  const copy = useCopy();

  useEffect(() => {
    const el = scroller.current;
    if (!el) return;
    const read = () => setBox((b) => (Math.abs(b.left - el.scrollLeft) < 40 && b.width === el.clientWidth ? b : { left: el.scrollLeft, width: el.clientWidth }));
    const watch = new ResizeObserver(read);
    watch.observe(el);
    el.addEventListener("scroll", read, { passive: true });
    return () => {
      watch.disconnect();
      el.removeEventListener("scroll", read);
    };
  }, []);

  const lead = selected ? 84 : 52; // the number of the row, and whether it is selected
  const first = rows.length > 0;
  // Widths come from the first rows; later ones do not move what somebody reads.
  const natural = useMemo(() => widthsOf(columns, rows.slice(0, 60)), [columns, first]); // eslint-disable-line react-hooks/exhaustive-deps
  const at = useMemo(() => places(columns, natural, kept, box.width - lead - 2), [columns, natural, kept, box.width, lead]);
  const total = lead + at.total;
  const inSight = useMemo(() => columns.flatMap((_, i) => (lead + at.left[i]! + at.width[i]! >= box.left - 200 && lead + at.left[i]! <= box.left + box.width + 200 ? [i] : [])), [columns, at, box, lead]);
  const count = order.length;
  const focusRow = Math.min(cursor.row, Math.max(0, count - 1));
  const focusCol = Math.min(cursor.col, columns.length);
  const shown = useMemo(() => (focusCol > 0 && !inSight.includes(focusCol - 1) ? [...inSight, focusCol - 1].sort((a, b) => a - b) : inSight), [inSight, focusCol]);

  const virtual = useRows({ count, scroller, rowHeight, overscan, headHeight, focused: focusRow });

  const { cellAt, wanted } = useCellFocus(scroller, focusRow, focusCol);
  const go = (row: number, col = focusCol) => {
    const r = Math.max(0, Math.min(count - 1, row)), c = Math.max(0, Math.min(columns.length, col));
    wanted.current = `${r}:${c}`;
    virtual.scrollToIndex(r, { align: "auto" });
    const el = scroller.current;
    if (el && c > 0) {
      const left = lead + at.left[c - 1]!, right = left + at.width[c - 1]!;
      if (left < el.scrollLeft + lead) el.scrollLeft = c === 1 ? 0 : left - lead;
      else if (right > el.scrollLeft + el.clientWidth) el.scrollLeft = right - el.clientWidth;
    }
    setCursor({ row: r, col: c });
  };
  const valueAt = (row: number, col: number) => {
    const place = order[row];
    const column = columns[col - 1];
    return place === undefined || !column ? undefined : { place, column, value: rows[place]![col - 1] };
  };
  const menu = (row: number, col: number, target: HTMLElement | null | undefined) => {
    const v = valueAt(row, col);
    if (!v || !target) return;
    openMenu({ field: v.column.name, value: plainText(v.value), target, here: p.here(v.column, v.value) });
  };
  const act = (row: number, col: number, cell: HTMLElement) => {
    const v = valueAt(row, col);
    if (!v) {
      const place = order[row];
      if (place !== undefined) p.onOpen(place);
    } else if (typeof v.value === "object" && v.value !== null) p.onTree(v.value, v.column.name, cell);
    else menu(row, col, cell.querySelector<HTMLElement>("[data-value]") ?? cell);
  };
  const select = (row: number, from?: number) => {
    if (!selected || !onSelect || count === 0) return;
    const next = new Set(selected);
    if (from === undefined) {
      const place = order[row]!;
      if (!next.delete(place)) next.add(place);
    } else for (let i = Math.min(from, row); i <= Math.max(from, row) && i < count; i++) next.add(order[i]!);
    onSelect(next);
    anchor.current = row;
  };
  const open = () => {
    const place = order[focusRow];
    if (place !== undefined) p.onOpen(place);
  };
  useKeys({
    j: () => go(document.activeElement?.closest("[data-cell]") ? focusRow + 1 : focusRow),
    k: () => go(focusRow - 1),
    x: () => select(focusRow),
    X: () => select(focusRow, anchor.current),
    o: open,
    m: () => menu(focusRow, focusCol, cellAt(focusRow, focusCol)?.querySelector<HTMLElement>("[data-value]") ?? cellAt(focusRow, focusCol)),
    c: () => {
      const v = valueAt(focusRow, focusCol);
      if (v) copy(plainText(v.value), `${v.column.name} copied`);
    },
  }, p.keys && count > 0);

  const keys = (e: KeyboardEvent<HTMLDivElement>) => {
    const cell = e.target as HTMLElement;
    if (!cell.matches("[data-cell]")) return;
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 400) - headHeight) / rowHeight) - 1);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(focusRow + 1), ArrowUp: () => go(focusRow - 1), ArrowRight: () => go(focusRow, focusCol + 1), ArrowLeft: () => go(focusRow, focusCol - 1),
      PageDown: () => go(focusRow + page), PageUp: () => go(focusRow - page), Home: () => go(e.ctrlKey ? 0 : focusRow, 0), End: () => go(e.ctrlKey ? count - 1 : focusRow, columns.length),
      " ": () => select(focusRow, e.shiftKey ? anchor.current : undefined), ContextMenu: () => menu(focusRow, focusCol, cell.querySelector<HTMLElement>("[data-value]") ?? cell), Enter: () => act(focusRow, focusCol, cell),
    };
    const move = moves[e.key];
    if (!move) return;
    e.preventDefault();
    move();
  };
  const hit = (e: MouseEvent) => {
    const cell = (e.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell) return undefined;
    const [row, col] = cell.dataset["cell"]!.split(":").map(Number) as [number, number];
    return { row, col, cell };
  };
  const click = (e: MouseEvent) => {
    const h = hit(e);
    if (!h) return;
    setCursor({ row: h.row, col: h.col });
    if (h.col === 0 && selected && (e.target as HTMLElement).closest("[data-tick]")) select(h.row, e.shiftKey ? anchor.current : undefined);
    else act(h.row, h.col, h.cell);
  };
  const context = (e: MouseEvent) => {
    const h = hit(e);
    if (!h || h.col === 0) return;
    e.preventDefault();
    setCursor({ row: h.row, col: h.col });
    menu(h.row, h.col, h.cell.querySelector<HTMLElement>("[data-value]") ?? h.cell);
  };

  const all = selected !== undefined && count > 0 && selected.size >= count;
  return (
    <div ref={scroller} className={styles.scroller} data-pane={p.pane}>
      <div role="grid" aria-label={p.label} aria-rowcount={count + 1} aria-colcount={columns.length + 1} aria-multiselectable={selected !== undefined} className={styles.grid} style={{ width: total }} onKeyDown={keys}>
        <div role="rowgroup" className={styles.head} style={{ height: headHeight }}>
          <div role="row" aria-rowindex={1} style={{ height: headHeight }}>
            <div role="columnheader" aria-colindex={1} className={styles.lead} style={{ width: lead }}>
              {selected && onSelect ? (
                <Checkbox aria-label="Select all rows" checked={all ? true : selected.size > 0 ? "mixed" : false} onChange={() => onSelect(all ? new Set() : new Set(order))} />
              ) : <span className="unseen">Row</span>}
            </div>
            {inSight.map((i) => {
              const c = columns[i]!;
              const right = isRight(c);
              const on = p.sort.at === i;
              return (
                <div key={i} role="columnheader" aria-colindex={i + 2} aria-sort={on ? (p.sort.desc ? "descending" : "ascending") : "none"} className={`${styles.column} ${right ? styles.right : ""}`} style={{ left: lead + at.left[i]!, width: at.width[i]! }}>
                  <button type="button" onClick={() => p.onSort(i)} title={`${revealed(c.name)}: ${c.type}`}>
                    <span className="clip">{revealed(c.name)}{c.type === "datetime" && <span className={styles.dim}> ({p.look.zone === "utc" ? "UTC" : "local"})</span>}</span>
                    {on && (p.sort.desc ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}
                  </button>
                  <Edge name={c.name} width={at.width[i]!} onWidth={(w) => setKept((k) => ({ ...k, [c.name]: w }))} />
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }} onClick={click} onContextMenu={context}>
          {virtual.getVirtualItems().map((v) => {
            const place = order[v.index]!;
            const row = rows[place]!;
            const on = selected?.has(place) ?? false;
            return (
              <div key={v.index} role="row" aria-rowindex={v.index + 2} aria-selected={selected ? on : undefined} className={`${styles.row} ${on ? styles.selected : ""} ${p.open === place ? styles.open : ""}`} style={{ height: rowHeight, transform: `translateY(${v.start}px)` }}>
                <div role="rowheader" aria-colindex={1} data-cell={`${v.index}:0`} tabIndex={v.index === focusRow && focusCol === 0 ? 0 : -1} className={styles.lead} style={{ width: lead }} aria-label={`Row ${v.index + 1}${on ? ", selected" : ""}`}>
                  {selected && <span className={styles.tick} data-tick="" aria-hidden>{on && "✓"}</span>}
                  <span className={`${styles.number} num`} title="Show the whole row">{number(v.index + 1)}</span>
                </div>
                {shown.map((i) => (
                  <div
                    key={i}
                    role="gridcell"
                    aria-colindex={i + 2}
                    data-cell={`${v.index}:${i + 1}`}
                    tabIndex={v.index === focusRow && focusCol === i + 1 ? 0 : -1}
                    aria-haspopup={typeof row[i] === "object" && row[i] !== null ? "dialog" : "menu"}
                    className={`${styles.cell} ${isRight(columns[i]!) ? styles.right : ""}`}
                    style={{ left: lead + at.left[i]!, width: at.width[i]! }}
                  >
                    <Cell column={columns[i]!} value={row[i]} row={row} look={p.look} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const rights = new Set(["int", "long", "real", "decimal"]);
const isRight = (c: HuntColumn) => rights.has(c.type);

/** The edge of a column's head: drag it, or use the arrow keys. */
function Edge({ name, width, onWidth }: { name: string; width: number; onWidth: (w: number) => void }) {
  const from = useRef<{ x: number; width: number }>(undefined);
  const set = (w: number) => onWidth(Math.round(Math.max(48, Math.min(1200, w))));
  return (
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${revealed(name)}`}
      aria-valuenow={Math.round(width)}
      aria-valuemin={48}
      aria-valuemax={1200}
      tabIndex={0}
      className={styles.edge}
      onPointerDown={(e: PointerEvent<HTMLElement>) => {
        from.current = { x: e.clientX, width };
        e.currentTarget.setPointerCapture(e.pointerId);
      }}
      onPointerMove={(e) => from.current && set(from.current.width + e.clientX - from.current.x)}
      onPointerUp={() => (from.current = undefined)}
      onPointerCancel={() => (from.current = undefined)}
      onKeyDown={(e: KeyboardEvent) => {
        const step = e.key === "ArrowLeft" ? -16 : e.key === "ArrowRight" ? 16 : 0;
        if (step === 0) return;
        e.preventDefault();
        e.stopPropagation();
        set(width + step);
      }}
    />
  );
}
