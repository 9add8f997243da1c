import { Warning16Filled } from "../../components/icons";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { FigureLink, WayLink, wayOf } from "./FigureLink";
import type { Board, Card } from "./shapes";
import { WidgetCard } from "./WidgetCard";
import { logWidth, period, share } from "./words";

/** Of what each is a part, what its bar is coloured by, and what is said under it when it has no parts. */
const kinds: Record<string, { of?: string; word: string; meaning: string; says: string }> = {
  scanned: { word: "", meaning: "all", says: "email events" },
  stopped: { of: "scanned", word: "of scanned", meaning: "blocked", says: "before the mailbox" },
  advanced: { of: "stopped", word: "of stopped", meaning: "advanced", says: "by more than lists" },
  delivered: { of: "scanned", word: "of scanned", meaning: "threat", says: "in an inbox" },
  removed: { word: "", meaning: "removed", says: "taken out of mailboxes" },
};

/** From all mail down to what is left: each bar is a part of one above it. */
export function Weekly({ board }: { board: Board | undefined }) {
  const cards = board?.weekly?.cards;
  const most = Math.max(1, ...(cards ?? []).map((c) => c.figure.value));
  const of = (key: string | undefined) => cards?.find((c) => c.key === key)?.figure.value ?? 0;
  const left = board?.protection?.outcome.series.find((s) => s.key === "delivered_threat")?.total;
  const week = board && period(new Date(board.from), new Date(board.to)) === "7 days";
  return (
    <WidgetCard title={week || !board ? "Weekly detections" : "Detections"} caption="bars on a log scale" ready={cards !== undefined} height={304} asked={cards?.map((c) => ({ label: c.label, says: c.says, figure: c.figure }))}>
      <ul className={styles.funnel}>{cards?.map((c) => <Bar key={c.key} card={c} most={most} of={of(kinds[c.key]?.of)} />)}</ul>
      {left && left.value > 0 && (
        <p className={styles.left}>
          <span><Warning16Filled aria-hidden /><FigureLink figure={left} of="still in mailboxes" /> still in mailboxes</span>
          <WayLink way={wayOf(left)}>Review and remove</WayLink>
        </p>
      )}
    </WidgetCard>
  );
}

function Bar({ card, most, of }: { card: Card; most: number; of: number }) {
  const kind = kinds[card.key];
  const part = card.figure.value > 0 ? share(card.figure.value, of) : "";
  const parts = (card.details ?? []).filter((d) => d.figure.value > 0);
  return (
    <li title={card.says}>
      <div><span>{card.label}</span><FigureLink figure={card.figure} of={card.label} /></div>
      <i className={styles.track} data-meaning={kind?.meaning}><i style={{ width: `${logWidth(card.figure.value, most) * 100}%` }} /></i>
      <small><span className="clip">{parts.length > 0 ? parts.map((d) => `${number(d.figure.value)} ${d.label.toLowerCase()}`).join(" · ") : (kind?.says ?? "")}</span><span className="num">{part && `${part} ${kind?.word}`}</span></small>
    </li>
  );
}
