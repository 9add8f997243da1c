import { Button, Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { lazy, Suspense, useMemo, useState } from "react";
import type { ChartChoice, ChartKind } from "../../address/hunting";
import { ChevronDown16Regular, DataHistogram20Regular, Dismiss16Regular, Search20Regular, Table20Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useValueMenu } from "../../components/ValueMenu";
import { revealed } from "../../text/reveal";
import { useMode } from "../../theme/AppTheme";
import { useZone } from "../../time/Clock";
import { number } from "../../time/zone";
import { draw, isNumber, wishOf, type Drawing, type Wish } from "./chart";
import styles from "./Hunting.module.css";
import type { Here } from "./ResultGrid";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";
import { numberText } from "./values";

const ResultChart = lazy(() => import("./ResultChart").then((m) => ({ default: m.ResultChart })));

const names: Record<ChartKind, string> = { bar: "Bars", column: "Columns", line: "Lines", area: "Areas", scatter: "Points" };

interface Props {
  run: Run;
  choice: ChartChoice;
  onChoice: (c: Partial<ChartChoice>) => void;
  here: (column: HuntColumn, value: unknown) => Here;
  /** Opens Explorer on the mail that the query is about. */
  onExplorer: (() => void) | undefined;
}

/** The rows as a chart: as the query asks (render), or as somebody chose. */
export function ChartCard({ run, choice, onChoice, here, onExplorer }: Props) {
  const mode = useMode();
  const zone = useZone();
  const [table, setTable] = useState(false);
  const openMenu = useValueMenu();
  const wish = useMemo(() => wishOf(run.columns, run.render, choice), [run.columns, run.render, choice]);
  const drawing = useMemo(() => wish && draw(run.columns, run.rows.slice(0, run.count), wish, mode, zone), [wish, run.columns, run.rows, run.count, mode, zone]);
  if (!wish || !drawing) return null;
  const title = wish.title || `${drawing.y.map((c) => c.name).join(", ")} by ${drawing.x.name}${drawing.by ? ` and ${drawing.by.name}` : ""}`;
  const point = (key: string | undefined, series: number, rect: DOMRect) => {
    const s = drawing.series[series];
    const at = { getBoundingClientRect: () => rect };
    const place = key === undefined ? undefined : drawing.keys[Number(key)];
    if (drawing.by && s?.value !== undefined && (drawing.axis !== "text" || place === undefined)) openMenu({ field: drawing.by.name, value: s.value, target: at, here: here(drawing.by, s.value) });
    else if (place !== undefined && drawing.axis !== "time") openMenu({ field: drawing.x.name, value: place, target: at, here: here(drawing.x, place) });
  };
  return (
    <section className={`${styles.chart} card`} aria-label="Chart">
      <div className={styles.charthead}>
        <h2 className="clip" title={revealed(title)}><Untrusted text={title} /></h2>
        <KindMenu run={run} wish={wish} choice={choice} onChoice={onChoice} />
        <Tooltip content={table ? "Show the chart" : "Show as a table"} relationship="label"><Button size="small" appearance="subtle" icon={table ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setTable(!table)} /></Tooltip>
        <Tooltip content="No chart" relationship="label"><Button size="small" appearance="subtle" icon={<Dismiss16Regular />} onClick={() => onChoice({ kind: "none" })} /></Tooltip>
      </div>
      {drawing.series.length > 1 && (
        <ul className={styles.legend} aria-label="Series">
          {drawing.series.map((s, i) => (
            <li key={i}>
              <i style={{ background: s.color }} />
              {s.value !== undefined && drawing.by ? (
                <button type="button" className="clip" aria-haspopup="menu" onClick={(e) => openMenu({ field: drawing.by!.name, value: s.value!, target: e.currentTarget, here: here(drawing.by!, s.value) })}><Untrusted text={s.label} /></button>
              ) : <span className="clip"><Untrusted text={s.label} /></span>}
              <b className="num">{numberText(s.total)}</b>
            </li>
          ))}
        </ul>
      )}
      {drawing.series.length === 0 ? <p className={styles.says}>There is nothing to draw: no row has a number in {drawing.y.map((c) => revealed(c.name)).join(", ")}.</p> : table ? <DrawingTable drawing={drawing} /> : (
        <Suspense fallback={<div style={{ height: 200 }} />}><ResultChart drawing={drawing} onPoint={point} /></Suspense>
      )}
      {drawing.notes.map((n) => <p key={n} className={styles.says}>{n}</p>)}
      {drawing.axis === "text" && drawing.keys.length > 0 && !table && <p className={styles.says}>Click a bar to add it to the query{onExplorer ? ", or look at the messages in Explorer" : ""}.</p>}
      {onExplorer && <Button size="small" icon={<Search20Regular />} onClick={onExplorer} style={{ marginTop: 8 }}>Open in Explorer</Button>}
    </section>
  );
}

function KindMenu({ run, wish, choice, onChoice }: { run: Run; wish: Wish; choice: ChartChoice; onChoice: (c: Partial<ChartChoice>) => void }) {
  const axes = run.columns.filter((c) => c.type !== "dynamic");
  const numbers = run.columns.filter(isNumber);
  const splits = run.columns.filter((c) => c.type === "string" || c.type === "bool" || c.type === "guid");
  const x = run.columns[wish.x]!.name;
  const y = wish.y.length === 1 ? run.columns[wish.y[0]!]!.name : "";
  const by = wish.by < 0 ? "-" : run.columns[wish.by]!.name;
  const pick = (name: string, items: readonly string[]) => {
    const v = items.at(-1);
    if (v === undefined) return;
    // What is drawn now stays, except for what was picked.
    onChoice({ kind: wish.kind, x: choice.x || x, y: choice.y || y, by: choice.by || by, [name]: v });
  };
  return (
    <Menu checkedValues={{ kind: [wish.kind], x: [x], y: [y], by: [by] }} onCheckedValueChange={(_, d) => pick(d.name, d.checkedItems)}>
      <MenuTrigger disableButtonEnhancement><Button size="small" appearance="subtle" icon={<ChevronDown16Regular />} iconPosition="after" aria-label={`Drawn as ${names[wish.kind].toLowerCase()}: change the chart`}>{names[wish.kind]}</Button></MenuTrigger>
      <MenuPopover style={{ maxHeight: "min(560px, 70vh)", overflow: "auto" }}>
        <MenuList>
          <MenuGroup><MenuGroupHeader>Draw as</MenuGroupHeader>{Object.entries(names).map(([k, n]) => <MenuItemRadio key={k} name="kind" value={k}>{n}</MenuItemRadio>)}</MenuGroup>
          <MenuDivider />
          <MenuGroup><MenuGroupHeader>Along the axis</MenuGroupHeader>{axes.slice(0, 30).map((c) => <MenuItemRadio key={c.name} name="x" value={c.name}>{revealed(c.name)}</MenuItemRadio>)}</MenuGroup>
          <MenuDivider />
          <MenuGroup><MenuGroupHeader>How much</MenuGroupHeader>{numbers.slice(0, 30).map((c) => <MenuItemRadio key={c.name} name="y" value={c.name}>{revealed(c.name)}</MenuItemRadio>)}</MenuGroup>
          {splits.length > 0 && (
            <>
              <MenuDivider />
              <MenuGroup>
                <MenuGroupHeader>A series for each</MenuGroupHeader>
                <MenuItemRadio name="by" value="-">Nothing</MenuItemRadio>
                {splits.slice(0, 30).map((c) => <MenuItemRadio key={c.name} name="by" value={c.name}>{revealed(c.name)}</MenuItemRadio>)}
              </MenuGroup>
            </>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** The same in numbers. */
function DrawingTable({ drawing: d }: { drawing: Drawing }) {
  const points = d.kind === "scatter" && d.keys.length === 0;
  const rows = points ? d.series.flatMap((s) => s.points.map((p) => [s.label, ...p] as const)).slice(0, 500) : [];
  return (
    <div className={styles.charttable} tabIndex={0} role="region" aria-label="The chart as a table">
      <table>
        {points ? (
          <>
            <thead><tr><th scope="col">Series</th><th scope="col"><Untrusted text={d.x.name} /></th><th scope="col"><Untrusted text={d.y[0]!.name} /></th></tr></thead>
            <tbody className="num">{rows.map(([s, x, y], i) => <tr key={i}><th scope="row"><Untrusted text={s} /></th><td>{d.axis === "time" ? new Date(x).toISOString() : numberText(x)}</td><td>{numberText(y)}</td></tr>)}</tbody>
          </>
        ) : (
          <>
            <thead><tr><th scope="col"><Untrusted text={d.x.name} /></th>{d.series.map((s, i) => <th key={i} scope="col"><Untrusted text={s.label} /></th>)}</tr></thead>
            <tbody className="num">{d.keys.slice(0, 500).map((k, i) => <tr key={k}><th scope="row"><Untrusted text={d.labels[i] ?? ""} /></th>{d.series.map((s, j) => <td key={j}>{s.values[i] === null || s.values[i] === undefined ? "" : numberText(s.values[i])}</td>)}</tr>)}</tbody>
          </>
        )}
      </table>
      {d.keys.length > 500 && <p className={styles.says}>The first 500 of {number(d.keys.length)}.</p>}
    </div>
  );
}
