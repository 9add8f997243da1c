import { Untrusted } from "../../components/Untrusted";
import { useZone } from "../../time/Clock";
import { both, clock, day, number, zoneName } from "../../time/zone";
import { Severity } from "../rules/Severity";
import styles from "./Dashboard.module.css";
import { explorerWay, FigureLink, pageWay, WayLink, wayOf } from "./FigureLink";
import type { Board } from "./shapes";
import { Nothing, WidgetCard } from "./WidgetCard";

const rows = 5;

/** What was found last and needs a look: alerts, or the mail itself where nothing raises them. */
export function Recent({ board }: { board: Board | undefined }) {
  const zone = useZone();
  const a = board?.attention;
  const alerts = a?.kind === "alerts";
  return (
    <WidgetCard
      title={alerts ? "Recent alerts" : "Recent detections"}
      caption={a && !alerts ? "delivered, and a threat" : undefined}
      ready={a !== undefined}
      height={206}
      asked={a && [{ label: alerts ? "Alerts" : "Delivered threats", figure: a.total }]}
      link={a && a.total.value > 0 && wayOf(a.total) && <WayLink way={wayOf(a.total)}>All {number(a.total.value)}{alerts ? " alerts" : ""}</WayLink>}
    >
      {a?.items.length === 0 && <Nothing title={alerts ? "No alert in this time" : "No threat was delivered in this time"}>{alerts ? "" : "All that was found was stopped before the mailbox."}</Nothing>}
      {a && a.items.length > 0 && (
        <table className={styles.table}>
          <thead><tr><th scope="col">Severity</th><th scope="col">{alerts ? "Alert" : "Message"}</th><th scope="col" className={styles.roomy}>Category</th><th scope="col" className={styles.n}>Email</th><th scope="col">Time ({zoneName(new Date(board.as_of), zone)})</th></tr></thead>
          <tbody>
            {a.items.slice(0, rows).map((i) => {
              const t = new Date(i.time);
              return (
                <tr key={`${i.time} ${i.page} ${i.title}`}>
                  <td><Severity value={i.severity.toLowerCase()} /></td>
                  <td className="clip"><WayLink way={i.page ? pageWay(i.page) : wayOf(i)} className={styles.rowlink}><Untrusted text={i.title || "(no subject)"} /></WayLink></td>
                  <td className={styles.roomy}>{i.category}</td>
                  <td className={styles.n}>{i.explorer ? <WayLink way={explorerWay(i.explorer)} className="num" label={`${number(i.count)} email events: ${i.title}`}>{number(i.count)}</WayLink> : <span className="num">{number(i.count)}</span>}</td>
                  <td><time className="num" dateTime={i.time} title={both(t)}>{day(t, zone) === day(new Date(board.as_of), zone) ? clock(t, zone) : `${day(t, zone)} ${clock(t, zone)}`}</time></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </WidgetCard>
  );
}

/** Campaigns with mail in the period, largest first. */
export function Campaigns({ board }: { board: Board | undefined }) {
  const c = board?.campaigns;
  return (
    <WidgetCard
      ready={c !== undefined}
      height={250}
      caption={c && c.reached > 0 ? `${number(c.reached)} in inboxes` : "active in this range"}
      asked={c && [{ label: "Campaigns", figure: { kql: c.kql, gaps: [] } }, ...c.rows.flatMap((r) => [{ label: r.name, figure: r.mail }])]}
      link={c && c.active > 0 && <WayLink way={{ to: "/campaigns", search: { from: board.from, to: board.to } }}>All {number(c.active)}</WayLink>}
    >
      {c?.rows.length === 0 && <Nothing title="No campaign in this time">Mail of one hand, to several people, is a campaign.</Nothing>}
      {c && c.rows.length > 0 && (
        <table className={styles.table}>
          <thead><tr><th scope="col">Campaign</th><th scope="col" className={styles.n}>Email</th><th scope="col" className={styles.n}>In inboxes</th></tr></thead>
          <tbody>
            {c.rows.slice(0, 6).map((r) => (
              <tr key={r.id}>
                <td className="clip" title={r.name}><WayLink way={{ to: `/campaigns/${encodeURIComponent(r.id)}`, search: {} }} className={styles.rowlink}><Untrusted text={r.name} /></WayLink></td>
                <td className={styles.n}><FigureLink figure={r.mail} of={`email events of ${r.name}`} /></td>
                <td className={styles.n} data-threat={r.inboxed.value > 0 || undefined}><FigureLink figure={r.inboxed} of={`of ${r.name} in inboxes`} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </WidgetCard>
  );
}
