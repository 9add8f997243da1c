import { Link } from "@tanstack/react-router";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { FigureLink, WayLink, wayOf } from "./FigureLink";
import { detail } from "./People";
import { askedOf } from "./Protection";
import type { Board, Figure, Ranked } from "./shapes";
import { TrendChart } from "./TrendChart";
import { Nothing, WidgetCard } from "./WidgetCard";

interface Row { key: string; label: string; figure: Figure; grey?: boolean; fresh?: boolean; /** It is the name of a threat. */ threat?: boolean; of: string }

/** Values with a bar and their number. */
function BarList({ rows }: { rows: readonly Row[] }) {
  const most = Math.max(1, ...rows.map((r) => r.figure.value));
  return (
    <ul className={styles.bars}>
      {rows.map((r) => (
        <li key={r.key} data-grey={r.grey || undefined}>
          <span className={styles.barname} title={r.label}><span className="clip">{r.threat ? <ThreatName name={r.label} /> : <Untrusted text={r.label} />}</span>{r.fresh && <em title="Not seen in the period before">new</em>}</span>
          <i className={styles.plainbar}><i style={{ width: `${Math.max(r.figure.value > 0 ? 1.5 : 0, (r.figure.value / most) * 100)}%` }} /></i>
          <FigureLink figure={r.figure} of={`${r.of}: ${r.label}`} />
        </li>
      ))}
    </ul>
  );
}

/** Malware by family, and how it went. */
export function Malware({ board }: { board: Board | undefined }) {
  const m = board?.malware;
  const total = m?.trend.series.reduce((n, s) => n + s.total.value, 0) ?? 0;
  const rows: Row[] = m ? m.families.slice(0, m.unnamed.value > 0 ? 5 : 6).map((f) => ({ key: f.value, label: f.label, figure: f.figure, fresh: (detail(f, "new")?.value ?? 0) > 0, threat: true, of: "email events" })) : [];
  if (m && m.unnamed.value > 0) rows.push({ key: " unnamed", label: "No name", figure: m.unnamed, grey: true, of: "email events" });
  return (
    <WidgetCard
      ready={m !== undefined}
      height={206}
      caption={m && `${number(total)} message${total === 1 ? "" : "s"}`}
      asked={m && [...m.families.map((f) => ({ label: f.label, figure: f.figure })), ...askedOf(m.trend)]}
      link={board && total > 0 && <Link to="/explorer" search={{ view: "malware", from: board.from, to: board.to }}>All</Link>}
    >
      {m && (total === 0 ? <Nothing title="No malware in this time" /> : <><BarList rows={rows} /><Columns board={board} /></>)}
    </WidgetCard>
  );
}

/** Malware over time, small: what was stopped and what was not. The table behind the threat protection status has the numbers. */
function Columns({ board }: { board: Board }) {
  const trend = board.malware!.trend;
  const sums = trend.starts.map((_, i) => trend.series.reduce((n, s) => n + (s.counts[i] ?? 0), 0));
  const most = Math.max(1, ...sums);
  const w = 100 / Math.max(1, sums.length);
  return (
    <div className={styles.columns}>
      <span>Over time</span>
      <svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">{sums.map((n, i) => <rect key={i} x={i * w + w * 0.12} width={w * 0.76} y={24 - (n / most) * 24} height={(n / most) * 24} />)}</svg>
    </div>
  );
}

/** Mail in and out. */
export function Flow({ board }: { board: Board | undefined }) {
  const f = board?.flow;
  return (
    <WidgetCard ready={f !== undefined} height={214} caption={f && `${number(f.total.value)} email event${f.total.value === 1 ? "" : "s"}`} asked={f && askedOf(f.trend)} link={f && <WayLink way={wayOf(f.total)}>Open in Explorer</WayLink>}>
      {f && (f.total.value === 0 ? <Nothing title="No mail in this time" /> : <TrendChart trend={f.trend} board={board} height={172} what="email" />)}
    </WidgetCard>
  );
}

/** What users reported, and what became of it. */
export function ReportedMail({ board }: { board: Board | undefined }) {
  const r = board?.reported;
  const results = r?.results.filter((x) => x.figure.value > 0) ?? [];
  return (
    <WidgetCard ready={r !== undefined} height={214} caption={r && `${number(r.total.value)} report${r.total.value === 1 ? "" : "s"}`} asked={r && [{ label: "Reports", figure: r.total }, ...askedOf(r.trend), ...results.map((x) => ({ label: x.label, figure: x.figure }))]} link={r && wayOf(r.total) && <WayLink way={wayOf(r.total)}>All</WayLink>}>
      {r && (r.total.value === 0 ? <Nothing title="Nothing was reported">People report with the button of their mail program, or by forwarding to the mailbox for reports.</Nothing> : (
        <>
          <h3 className={styles.sub}>Found to be</h3>
          <BarList rows={results.slice(0, 5).map((x) => ({ key: x.value, label: x.label, figure: x.figure, grey: x.value === "open", of: "reports" }))} />
          <p className={styles.under}>{r.trend.series.filter((s) => s.total.value > 0).map((s, i) => <span key={s.key}>{i > 0 && " · "}{s.label} <FigureLink figure={s.total} of={`reported as ${s.label}`} /></span>)}</p>
        </>
      ))}
    </WidgetCard>
  );
}

/** What people and policies do: actions by state, open incidents by severity. */
export function WorkSummary({ board }: { board: Board | undefined }) {
  const w = board?.work;
  return (
    <WidgetCard ready={w !== undefined} height={214} asked={w && [...w.actions, ...w.incidents].map((x) => ({ label: x.label, figure: x.figure }))}>
      {w && (
        <>
          <List title="Actions" to="/actions" rows={w.actions} unread={w.unread.includes("actions")} none="No action in this time" />
          <List title="Open incidents" to="/incidents" rows={w.incidents} unread={w.unread.includes("incidents")} none="No incident is open" />
        </>
      )}
    </WidgetCard>
  );
}

function List({ title, to, rows, unread, none }: { title: string; to: "/actions" | "/incidents"; rows: readonly Ranked[]; unread: boolean; none: string }) {
  const some = rows.filter((r) => r.figure.value > 0);
  return (
    <div className={styles.group}>
      <h3 className={styles.sub}>{unread ? title : <Link to={to}>{title}</Link>}</h3>
      {unread ? <p>Your roles do not show this.</p> : some.length === 0 ? <p>{none}</p> : (
        <ul className={styles.counts}>
          {some.map((r) => {
            const more = r.details.filter((d) => d.figure.value > 0);
            return <li key={r.value}><span>{r.label}{more.length > 0 && <small> {more.map((d) => `${number(d.figure.value)} ${d.label.toLowerCase()}`).join(", ")}</small>}</span><FigureLink figure={r.figure} of={`${title}: ${r.label}`} /></li>;
          })}
        </ul>
      )}
    </div>
  );
}
