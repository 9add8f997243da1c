import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger, Popover, PopoverSurface, Skeleton, SkeletonItem, Tooltip } from "@fluentui/react-components";
import { useEffect, useMemo, useState, type ReactNode, type RefObject } from "react";
import type { ResultView } from "../../address/hunting";
import { useCopy } from "../../components/copy";
import { ArrowDownload20Regular, Copy16Regular, DataBarHorizontal20Regular, Dismiss16Regular, Pin20Regular, Search16Regular, Search20Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { arrows } from "../../components/tabs";
import { useMay, usePreferences } from "../../session/queries";
import { revealed } from "../../text/reveal";
import { useClock, useZone } from "../../time/Clock";
import { number, took, year } from "../../time/zone";
import { csv, download, fileName, json } from "./export";
import { isNumber } from "./chart";
import styles from "./Hunting.module.css";
import { Json } from "./Json";
import { ResultGrid, type Here } from "./ResultGrid";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";
import { Statistics } from "./Statistics";
import { plainText, sorted } from "./values";

interface Props {
  run: Run;
  name: string;
  view: ResultView;
  onView: (v: ResultView) => void;
  sort: string;
  onSort: (s: string) => void;
  charted: boolean;
  onChart: () => void;
  onPin: () => void;
  onExplorer: (() => void) | undefined;
  /** Opens Explorer on messages by their ids. */
  onMessages: (ids: readonly string[]) => void;
  here: (column: HuntColumn, value: unknown) => Here;
  /** Place of the row that is open beside the list; -1 for none. */
  open: number;
  onOpen: (place: number) => void;
  /** Is told the order that the rows stand in. */
  order: RefObject<Uint32Array | undefined>;
  empty: ReactNode;
  lines: readonly ReactNode[];
}

/** The rows of a run, and what can be done with them. */
export function ResultsCard(p: Props) {
  const { run } = p;
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => setSelected(new Set()), [run.id]);
  const messages = useMemo(() => run.columns.findIndex((c) => c.name === "NetworkMessageId"), [run.columns]);
  const waiting = run.state === "running" && run.count === 0;
  return (
    <section className={`${styles.rows} card`} aria-label="Results">
      <div className={styles.bar}>
        <div role="tablist" aria-label="Results" className={styles.tabs}>
          {([["rows", "Rows", run.count], ["statistics", "Statistics", undefined]] as const).map(([key, label, n]) => (
            <button key={key} type="button" role="tab" id={`hunt-${key}`} aria-controls="hunt-panel" aria-selected={p.view === key} tabIndex={p.view === key ? 0 : -1} onClick={() => p.onView(key)} onKeyDown={arrows}>
              {label}{n !== undefined && <span className="num">{number(n)}</span>}
            </button>
          ))}
        </div>
        <span className={styles.push} />
        {run.state !== "running" && run.tookMs !== undefined && <span className={`${styles.facts} num`}>{took(run.tookMs)}{run.state === "stopped" && " · stopped"}</span>}
        {run.count > 0 && <ResultActions {...p} />}
      </div>
      {p.lines.map((l, i) => <div key={i} className={styles.line}>{l}</div>)}
      {selected.size > 0 && <Selected run={run} selected={selected} messages={messages} onMessages={p.onMessages} onNothing={() => setSelected(new Set())} />}
      <div role="tabpanel" id="hunt-panel" aria-labelledby={`hunt-${p.view}`} className={styles.pane} {...(p.view === "statistics" ? { tabIndex: 0 } : {})}>
        {waiting ? (
          <Skeleton className={styles.wait} aria-label="Reading rows">{Array.from({ length: 8 }, (_, i) => <SkeletonItem key={i} size={16} />)}</Skeleton>
        ) : run.count === 0 ? p.empty : p.view === "statistics" ? <Stats {...p} /> : (
          <Rows run={run} sort={p.sort} onSort={p.onSort} here={p.here} open={p.open} onOpen={p.onOpen} told={p.order} label="Rows" selected={messages >= 0 ? selected : undefined} onSelect={setSelected} keys pane="rows" />
        )}
      </div>
      {run.count > 0 && p.view === "rows" && (
        <footer className={styles.foot}>
          <span className="num">{number(run.count)} row{run.count === 1 ? "" : "s"}{run.tables.length > 0 && ` of ${run.tables.join(", ")}`}</span>
          <span className={styles.keys} aria-hidden>
            <span><kbd>j</kbd> <kbd>k</kbd> move</span>
            {messages >= 0 && <span><kbd>x</kbd> select</span>}
            <span><kbd>o</kbd> open</span>
            <span><kbd>m</kbd> menu</span>
            <span><kbd>F6</kbd> next part</span>
          </span>
        </footer>
      )}
    </section>
  );
}

function Stats({ run, here }: Props) {
  const { now } = useClock();
  const zone = useZone();
  return <Statistics run={run} here={here} thisYear={year(now, zone)} />;
}

interface RowsProps {
  run: Run;
  label: string;
  sort: string;
  onSort: (s: string) => void;
  here: (column: HuntColumn, value: unknown) => Here;
  open: number;
  onOpen: (place: number) => void;
  selected?: ReadonlySet<number> | undefined;
  onSelect?: (s: ReadonlySet<number>) => void;
  keys: boolean;
  pane?: string;
  told?: RefObject<Uint32Array | undefined>;
}

/** The rows themselves, sorted, with the tree of a dynamic value beside it. */
export function Rows({ run, label, sort, onSort, keys, pane, told, ...rest }: RowsProps) {
  const zone = useZone();
  const { now } = useClock();
  const [preferences] = usePreferences();
  const [tree, setTree] = useState<{ value: unknown; name: string; target: HTMLElement }>();
  const desc = sort.startsWith("-");
  const at = sort === "" ? -1 : run.columns.findIndex((c) => c.name === (desc ? sort.slice(1) : sort));
  // While rows come in they stand as they came: nothing jumps under a reader's eye.
  const order = useMemo(() => sorted(run.rows, run.count, run.state === "running" ? -1 : at, run.columns[at]?.type ?? "", desc), [run.rows, run.count, run.state, run.columns, at, desc]);
  useEffect(() => {
    if (told) told.current = order;
  }, [told, order]);
  const look = useMemo(() => ({ zone, thisYear: year(now, zone), threats: run.columns.findIndex((c) => c.name === "ThreatTypes") }), [zone, now, run.columns]);
  return (
    <>
      <ResultGrid
        {...rest}
        label={label}
        columns={run.columns}
        rows={run.rows}
        order={order}
        sort={{ at, desc }}
        onSort={(i) => {
          const c = run.columns[i]!;
          const first = isNumber(c) || c.type === "datetime"; // the largest and the latest first
          if (at !== i) onSort((first ? "-" : "") + c.name);
          else onSort(desc === first ? (first ? "" : "-") + c.name : "");
        }}
        onTree={(value, name, target) => setTree({ value, name, target })}
        look={look}
        rowHeight={preferences.density === "compact" ? 26 : 32}
        keys={keys}
        pane={pane}
      />
      {tree && <Tree {...tree} onClose={() => setTree(undefined)} />}
    </>
  );
}

function Tree({ value, name, target, onClose }: { value: unknown; name: string; target: HTMLElement; onClose: () => void }) {
  const copy = useCopy();
  return (
    <Popover open trapFocus onOpenChange={(_, d) => !d.open && onClose()} positioning={{ target, position: "below", align: "start", fallbackPositions: ["above-start", "after-top", "before-top"] }}>
      <PopoverSurface className={styles.tree} aria-label={revealed(name)}>
        <div className={styles.treehead}>
          <b className="clip"><Untrusted text={name} /></b>
          <Button size="small" appearance="subtle" icon={<Copy16Regular />} onClick={() => copy(JSON.stringify(value, null, 2), "JSON copied")}>Copy</Button>
          <Tooltip content="Close" relationship="label"><Button size="small" appearance="subtle" icon={<Dismiss16Regular />} onClick={onClose} /></Tooltip>
        </div>
        <Json value={value} />
      </PopoverSurface>
    </Popover>
  );
}

function ResultActions({ run, name, charted, onChart, onPin, onExplorer }: Props) {
  const may = useMay("explorer.export");
  const rows = () => run.rows.slice(0, run.count);
  const drawable = run.columns.some(isNumber) && run.columns.length > 1;
  return (
    <>
      {!charted && drawable && <Button size="small" appearance="subtle" icon={<DataBarHorizontal20Regular />} onClick={onChart}><span className={styles.word}>Chart</span></Button>}
      {onExplorer && <Button size="small" appearance="subtle" icon={<Search20Regular />} onClick={onExplorer}>Open in Explorer</Button>}
      <Tooltip content="Keep these rows beside the next run, to compare" relationship="description">
        <Button size="small" appearance="subtle" icon={<Pin20Regular />} disabledFocusable={run.state === "running"} onClick={onPin}>Pin</Button>
      </Tooltip>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" appearance="subtle" icon={<ArrowDownload20Regular />} disabledFocusable={!may || run.state === "running"} title={may ? undefined : "Needs the permission explorer.export, which your roles do not give"}>Export</Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem disabled={!may} secondaryContent={number(run.count)} onClick={() => download(csv(run.columns, rows()), fileName(name, run.at, "csv"), "text/csv;charset=utf-8")}>CSV</MenuItem>
            <MenuItem disabled={!may} secondaryContent={number(run.count)} onClick={() => download(json(run.columns, rows()), fileName(name, run.at, "json"), "application/json")}>JSON</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
    </>
  );
}

/** What is selected, and what can be done with it. */
function Selected({ run, selected, messages, onMessages, onNothing }: { run: Run; selected: ReadonlySet<number>; messages: number; onMessages: (ids: readonly string[]) => void; onNothing: () => void }) {
  const copy = useCopy();
  const of = (at: number) => [...new Set([...selected].map((i) => plainText(run.rows[i]?.[at])))].filter((v) => v !== "");
  const ids = of(messages);
  const mailboxes = run.columns.findIndex((c) => c.name === "RecipientEmailAddress");
  const boxes = mailboxes < 0 ? 0 : of(mailboxes).length;
  return (
    <div className={styles.selection} role="region" aria-label="Selection">
      <b className="num" role="status">{number(selected.size)} selected</b>
      <span className={`${styles.facts} clip num`}>{number(ids.length)} message{ids.length === 1 ? "" : "s"}{boxes > 0 && ` · ${number(boxes)} mailbox${boxes === 1 ? "" : "es"}`}</span>
      <span className={styles.push} />
      <Button size="small" icon={<Search16Regular />} disabledFocusable={ids.length === 0 || ids.length > 200} title={ids.length > 200 ? "Explorer takes 200 messages at most this way" : undefined} onClick={() => onMessages(ids)}>Open in Explorer</Button>
      <Menu>
        <MenuTrigger disableButtonEnhancement><Button size="small" icon={<Copy16Regular />}>Copy</Button></MenuTrigger>
        <MenuPopover style={{ maxHeight: "60vh", overflow: "auto" }}>
          <MenuList>
            {run.columns.map((c, i) => <MenuItem key={c.name} secondaryContent={number(of(i).length)} onClick={() => copy(of(i).join("\n"), `${number(of(i).length)} copied`)}><Untrusted text={c.name} /></MenuItem>)}
          </MenuList>
        </MenuPopover>
      </Menu>
      <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Select nothing" onClick={onNothing} />
    </div>
  );
}
