import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { readExplorer, writeExplorer } from "../../address/explorer";
import type { Schemas } from "../../api/client";

/** Explorer's address of a view. */
export function explorerSearch(e: Schemas["ScopeLinks"]) {
  return writeExplorer(readExplorer({ view: e.view, q: e.q, ...(e.from && e.to ? { from: e.from, to: e.to } : { last: "all" }) }));
}

/** A number, or a word, that opens the mail behind it. */
export function ExplorerLink({ to, title, children }: { to: Schemas["ScopeLinks"]; title?: string; children: ReactNode }) {
  return <Link to="/explorer" search={explorerSearch(to)} {...(title ? { title } : {})}>{children}</Link>;
}
