import { splits, type Split } from "../../address/dashboard";
import { Segments } from "../../components/Segments";
import styles from "./Dashboard.module.css";
import { WayLink, wayOf } from "./FigureLink";
import type { Board, Trend } from "./shapes";
import { TrendChart } from "./TrendChart";
import { Nothing, WidgetCard } from "./WidgetCard";
import { plural } from "./words";

const names: Record<Split, string> = { outcome: "By action", threats: "By threat", technology: "By technology" };

export const askedOf = (t: Trend) => t.series.filter((s) => s.total.value > 0).map((s) => ({ label: s.label, figure: s.total }));

/** Mail with a threat over time: what became of it, what it was, what found it. */
export function Protection({ board, split, onSplit }: { board: Board | undefined; split: Split; onSplit: (s: Split) => void }) {
  const p = board?.protection;
  return (
    <WidgetCard
      ready={p !== undefined}
      height={304}
      caption={p && <>{plural(p.total.value, "threat")}<span className={styles.paper}> {names[split].toLowerCase()}</span>{split !== "outcome" && "; mail of two kinds counts in both"}</>}
      extra={<Segments label="Split" options={splits.map((s) => [s, names[s]] as const)} value={split} onChange={onSplit} />}
      asked={p && [{ label: "All mail with a threat", figure: p.total }, ...askedOf(p[split])]}
      link={p && <WayLink way={wayOf(p.total)}>Open in Explorer</WayLink>}
    >
      {p && (p.total.value === 0 ? <Nothing title="No threat in this time">Nothing that came was judged malware, phish or spam.</Nothing> : <TrendChart key={split} trend={p[split]} board={board} height={264} what="threat" most={7} />)}
    </WidgetCard>
  );
}
