import { Link } from "@tanstack/react-router";
import { CursorClick20Regular, Star12Filled } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import styles from "./Dashboard.module.css";
import { FigureLink, WayLink } from "./FigureLink";
import type { Board, Ranked } from "./shapes";
import { Nothing, WidgetCard } from "./WidgetCard";
import { letters } from "./words";

export const detail = (r: Ranked, key: string) => r.details.find((d) => d.key === key)?.figure;

/** Who gets the most threats, and whether they click. */
export function Targeted({ board }: { board: Board | undefined }) {
  const people = board?.targeted?.people;
  return (
    <WidgetCard
      ready={people !== undefined}
      height={206}
      caption="threats · clicked"
      asked={people?.map((p) => ({ label: p.label, figure: p.figure }))}
      link={board && <WayLink way={{ to: "/explorer", search: { tab: "users", from: board.from, to: board.to } }}>All</WayLink>}
    >
      {people?.length === 0 && <Nothing title="No threat to anybody" />}
      <ul className={styles.people}>
        {people?.slice(0, 5).map((p) => {
          const clicked = detail(p, "clicked");
          const priority = (detail(p, "priority")?.value ?? 0) > 0;
          return (
            <li key={p.value}>
              <span className={styles.letters} aria-hidden>{letters(p.label)}</span>
              <span className="clip" title={p.value}>
                {p.value === "" ? <span className={styles.nobody}>recipient not known</span> : <Link to="/mailbox/$address" params={{ address: p.value }} className={styles.person}><Untrusted text={p.label} /></Link>}
                {priority && <Star12Filled className={styles.star} aria-label="priority account" role="img" />}
                {p.label !== p.value && <small> <Untrusted text={p.value.split("@")[0] ?? ""} /></small>}
              </span>
              <FigureLink figure={p.figure} of={`threats to ${p.label}`} />
              <span className={styles.clicked}>{clicked && clicked.value > 0 ? <><CursorClick20Regular aria-hidden /><FigureLink figure={clicked} of={`threats clicked by ${p.label}`} /></> : "none"}</span>
            </li>
          );
        })}
      </ul>
    </WidgetCard>
  );
}
