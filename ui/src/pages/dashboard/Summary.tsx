import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { WayLink, wayOf } from "./FigureLink";
import type { Board, Card } from "./shapes";
import { QueryButton } from "./ShowQuery";
import { WidgetCard } from "./WidgetCard";
import { change, line, period } from "./words";

/** The second line: the period in six figures, each against the one before. */
export function Summary({ board }: { board: Board | undefined }) {
  const cards = board?.summary?.cards;
  const before = board ? period(new Date(board.from), new Date(board.to)) : "";
  // What was not kept was not less.
  const kept = board?.coverage.oldest != null && Date.parse(board.coverage.oldest) <= Date.parse(board.previous_from);
  return (
    <WidgetCard bare ready={cards !== undefined} height={82}>
      <ul className={styles.figures}>{cards?.map((c, i) => <One key={c.key} card={c} kept={kept} before={i === 0 ? ` on the ${before} before` : ""} />)}</ul>
    </WidgetCard>
  );
}

function One({ card, before, kept }: { card: Card; before: string; kept: boolean }) {
  const against = change(card.figure.value, card.figure.previous);
  return (
    <li>
      <WayLink way={wayOf(card.figure)} className={styles.figure}>
        <span className={styles.figurename}>{card.label}</span>
        <b className="num">{number(card.figure.value)}</b>
        <small className="num">{!kept ? (before && "nothing older to compare") : against === "same" ? `same as${before.replace(" on", "") || " before"}` : `${against}${against ? before : ""}`}</small>
        <Sparkline counts={card.counts} />
      </WayLink>
      <QueryButton title={card.label} asked={[{ label: card.label, says: card.says, figure: card.figure }]} className={styles.corner} />
    </li>
  );
}

/** How it went, without numbers: a line of 64 by 20. */
export function Sparkline({ counts }: { counts: readonly number[] }) {
  return <svg className={styles.spark} viewBox="-1 -1 66 22" aria-hidden="true"><polyline points={line(counts, 64, 20)} /></svg>;
}
