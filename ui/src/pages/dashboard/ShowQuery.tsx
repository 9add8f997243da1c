import { Button, Popover, PopoverSurface } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { readHunting, writeHunting } from "../../address/hunting";
import { useCopy } from "../../components/copy";
import { Code16Regular, Dismiss16Regular } from "../../components/icons";
import { highlight } from "../../filter/highlight";
import filter from "../../filter/Filter.module.css";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import type { Board, Figure } from "./shapes";

/** A number, and what it is called. */
export interface Asked { label: string; /** What exactly is counted. */ says?: string; figure: Pick<Figure, "kql" | "gaps"> & Partial<Figure> }

interface Pointed { title: string; asked: readonly Asked[]; target: HTMLElement }

const Context = createContext<(p: Pointed) => void>(() => undefined);

/** The one popover that says how numbers were counted. */
export function ShowQueryProvider({ board, onOpen, children }: { board: Board | undefined; /** Told when it opens and closes: numbers must not change under it. */ onOpen: (open: boolean) => void; children: ReactNode }) {
  const [pointed, setPointed] = useState<Pointed>();
  const open = useCallback((p: Pointed) => {
    setPointed(p);
    onOpen(true);
  }, [onOpen]);
  const close = () => {
    setPointed(undefined);
    onOpen(false);
  };
  return (
    <Context.Provider value={open}>
      {children}
      {pointed && (
        <Popover open trapFocus onOpenChange={(_, d) => !d.open && close()} positioning={{ target: pointed.target, position: "below", align: "end", fallbackPositions: ["above-end", "before-top"] }}>
          <PopoverSurface className={styles.queries} aria-label={`How it is counted: ${pointed.title}`}>
            <div className={styles.querytitle}>
              <b>{pointed.title}</b>
              <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Close" onClick={close} />
            </div>
            <ul>{pointed.asked.map((a) => <Query key={a.label} {...a} board={board} />)}</ul>
          </PopoverSurface>
        </Popover>
      )}
    </Context.Provider>
  );
}

function Query({ label, says, figure, board }: Asked & { board: Board | undefined }) {
  const copy = useCopy();
  const hunt = useMay("hunt.run");
  const gaps = board?.coverage.gaps.filter((g) => figure.gaps.includes(g.id)) ?? [];
  const range = figure.explorer ?? board;
  return (
    <li>
      <div className={styles.queryhead}>
        <span>{label}{figure.value !== undefined && <b className="num"> {number(figure.value)}</b>}</span>
        {figure.kql !== "" && (
          <>
            <button type="button" className="textbutton" onClick={() => copy(figure.kql, "Query copied")}>Copy</button>
            {hunt && range && <Link className={styles.hunt} to="/hunting" search={writeHunting({ ...readHunting({}), q: figure.kql, run: 1, range: { from: range.from, to: range.to } })}>Open in Hunting</Link>}
          </>
        )}
      </div>
      {says && <p>{says}.</p>}
      {figure.kql === "" ? <p>Counted from what people do in Tocsin, not from events; Hunting cannot ask for it.</p> : <pre className="mono" tabIndex={0} aria-label={`KQL of ${label}`}>{highlight(figure.kql).map((s, i) => <span key={i} className={filter[s.kind]}>{s.text}</span>)}</pre>}
      {gaps.map((g) => <p key={g.id}>{g.text}</p>)}
    </li>
  );
}

/** Opens it for the numbers of a widget. */
export function QueryButton({ title, asked, className }: { title: string; asked: readonly Asked[]; className?: string }) {
  const open = useContext(Context);
  if (asked.length === 0) return null;
  return (
    <button type="button" className={`${styles.querybutton} ${className ?? ""}`} aria-haspopup="dialog" aria-label={`Show query: ${title}`} title="Show query" onClick={(e) => open({ title, asked, target: e.currentTarget })}>
      <Code16Regular aria-hidden />
    </button>
  );
}
