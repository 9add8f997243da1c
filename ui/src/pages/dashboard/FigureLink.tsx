import { Link } from "@tanstack/react-router";
import type { MouseEventHandler, ReactNode } from "react";
import { readExplorer, writeExplorer } from "../../address/explorer";
import { parseSearch, type Search } from "../../address/search";
import { number } from "../../time/zone";
import type { ExplorerState, Figure } from "./shapes";

/** Where a number leads: Explorer with its filter, or its page. */
export interface Way { to: string; search: Search }

export function explorerWay(s: ExplorerState): Way {
  return { to: "/explorer", search: writeExplorer({ ...readExplorer({}), view: s.view, q: s.q, range: { from: s.from, to: s.to }, tab: "email" }) };
}

export function pageWay(page: string): Way {
  const cut = page.indexOf("?");
  return { to: cut < 0 ? page : page.slice(0, cut), search: cut < 0 ? {} : parseSearch(page.slice(cut + 1)) };
}

export function wayOf(f: { explorer?: ExplorerState; page?: string }): Way | undefined {
  return f.explorer ? explorerWay(f.explorer) : f.page ? pageWay(f.page) : undefined;
}

/** A link to where a number leads: a real one, so that the middle button opens it beside. Text alone where there is nowhere to go. */
export function WayLink({ way, children, className, label, tabIndex, onClick }: { way: Way | undefined; children: ReactNode; className?: string; label?: string; tabIndex?: number; onClick?: MouseEventHandler }) {
  if (!way) return <span className={className}>{children}</span>;
  return <Link to={way.to as "/explorer"} search={way.search} className={className} aria-label={label} tabIndex={tabIndex} onClick={onClick} preload={false}>{children}</Link>;
}

/** A number that leads to what it counts. */
export function FigureLink({ figure, of, className }: { figure: Figure; /** What it counts, for who hears it alone. */ of: string; className?: string }) {
  return <WayLink way={wayOf(figure)} className={`num ${className ?? ""}`} label={`${number(figure.value)} ${of}`}>{number(figure.value)}</WayLink>;
}
