import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { useCoverage } from "../../address/useAddress";
import { Bell } from "../../components/Bell";
import { Info16Regular } from "../../components/icons";
import { useOperator } from "../../session/queries";
import { useZone } from "../../time/Clock";
import { clock, full, zoneName } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { pageWay, WayLink } from "./FigureLink";
import type { Board } from "./shapes";
import { plural } from "./words";

/** What the figures rest on and what they do not know; when they were counted. */
export function Foot({ board }: { board: Board | undefined }) {
  const zone = useZone();
  const { data: coverage } = useCoverage();
  if (!board || !coverage) return null;
  const asOf = new Date(board.as_of);
  const live = coverage.sources.filter((s) => s.state !== "failed").length;
  const gaps = board.coverage.gaps;
  return (
    <footer className={styles.foot} aria-label="Coverage">
      <Info16Regular aria-hidden />
      <p>
        Coverage: {plural(coverage.mailboxes, "mailbox", "mailboxes")}, {live} of {plural(coverage.sources.length, "source")} of mail in order.
        {gaps.length === 0 ? " Nothing is known to be missing." : gaps.map((g) => <Fragment key={g.id}> {g.page ? <WayLink way={pageWay(g.page)} className={styles.gap}>{g.text}</WayLink> : g.text}</Fragment>)}
        {" "}<Link to="/settings" className={styles.paperless}>Sources</Link>
      </p>
      <span className={`num ${styles.updated}`} title={full(asOf, zone)}>Counted per recipient · updated {clock(asOf, zone, true)} {zoneName(asOf, zone)}</span>
    </footer>
  );
}

/** The head of the page on paper: whose figures these are, of which time, made when. */
export function PaperHead({ board, whom }: { board: Board | undefined; whom: string }) {
  const zone = useZone();
  const { organisation, operator } = useOperator();
  if (!board) return null;
  return (
    <div className={styles.paperhead} aria-hidden="true">
      <Bell size={32} />
      <div>
        <b>{organisation.name || "Tocsin"}</b>
        <span>Email threats{whom && ` · ${whom}`}</span>
      </div>
      <div className={styles.paperwhen}>
        <b className="num">{full(new Date(board.from), zone)} – {full(new Date(board.to), zone)}</b>
        <span className="num">Made {full(new Date(board.as_of), zone)} by {operator.name || operator.email}</span>
      </div>
    </div>
  );
}
