import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { outcomes } from "../../components/outcome";
import { number } from "../../time/zone";
import styles from "./Incidents.module.css";
import type { Incident } from "./words";

const order = ["blocked", "junked", "replaced", "removed", "delivered", "delivered_threat"] as const;
const words: Record<(typeof order)[number], string> = { blocked: "blocked", junked: "junked", replaced: "replaced", removed: "removed", delivered: "delivered, no threat", delivered_threat: "still in mailboxes" };

/** How big it is, and where its mail is now. The bar adds up to the email events. */
export function Strip({ of: i, summary: s, onMessages, onPeople }: { of: Incident; summary: Schemas["IncidentSummary"] | undefined; onMessages: () => void; onPeople: () => void }) {
  const count = (o: (typeof order)[number]) => s?.outcomes.find((x) => x.outcome === o)?.count ?? 0;
  const parts = order.filter((o) => count(o) > 0);
  const missing = s?.missing ?? 0;
  const all = (s?.events ?? 0) + missing;
  return (
    <section className={`card ${styles.strip}`} aria-label="Size, and where the mail is">
      <Stat n={i.people} label={i.people === 1 ? "person" : "people"} onClick={onPeople} />
      <Stat n={i.messages} label={`email event${i.messages === 1 ? "" : "s"}`} onClick={onMessages} />
      {s && s.priority > 0 && <Stat n={s.priority} label={`priority account${s.priority === 1 ? "" : "s"}`} onClick={onPeople} />}
      <div className={styles.where}>
        {!s ? <Skeleton aria-label="Looking where the mail is"><SkeletonItem size={12} /></Skeleton> : all === 0 ? <p className={styles.faded}>No mail is in this incident yet.</p> : (
          <>
            <div className={styles.bar} aria-hidden>{parts.map((o) => <i key={o} data-meaning={outcomes[o].meaning} style={{ flexGrow: count(o) }} />)}{missing > 0 && <i data-meaning="missing" style={{ flexGrow: missing }} />}</div>
            <ul className={styles.legend}>
              {parts.map((o) => {
                const Icon = outcomes[o].icon;
                return <li key={o} data-meaning={outcomes[o].meaning}><Icon aria-hidden /><span className="num">{number(count(o))}</span> {words[o]}</li>;
              })}
              {missing > 0 && <li><span className="num">{number(missing)}</span> older than what is kept</li>}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}

function Stat({ n, label, onClick }: { n: number; label: string; onClick: () => void }) {
  return <button type="button" className={styles.stat} onClick={onClick}><b className="num">{number(n)}</b><span>{label}</span></button>;
}
