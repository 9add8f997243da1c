import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import styles from "./Frame.module.css";
import { useParts, type Part } from "./parts";

interface Props {
  /** The part that is looked at. */
  part: Part;
  /** A few words on what is listed, beside the title. */
  facts?: ReactNode;
  /** Buttons at the right of the title; one of them may be primary. */
  actions?: ReactNode;
  /** A flyout beside the list. */
  side?: ReactNode;
  /** What the part shows. It scrolls by itself; Frame gives it the height that is left. */
  children: ReactNode;
}

/** What every page of Threat intelligence stands in: the title, and the parts as tabs. Each part is a page of its own, so its tab is a link. */
export function Frame({ part, facts, actions, side, children }: Props) {
  const parts = useParts();
  const { range } = useTimeRange();
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}>
          <h1>Threat intelligence</h1>
          {facts && <p className={`${styles.facts} num`} role="status">{facts}</p>}
          <span className={styles.push} />
          {actions}
        </header>
        <nav className={styles.parts} aria-label="Threat intelligence">
          {parts.map((p) => <Link key={p.to} to={p.to} search={writeRange(range) as never} aria-current={p.to === part ? "page" : undefined}>{p.label}</Link>)}
        </nav>
        {children}
      </div>
      {side}
    </div>
  );
}
