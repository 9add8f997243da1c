import { CheckmarkCircle20Regular, Flag16Regular, Hourglass16Regular, MailInbox16Regular, Person16Regular, PlugDisconnected16Regular, Warning16Filled } from "../../components/icons";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { WayLink, wayOf } from "./FigureLink";
import type { Board, Need } from "./shapes";
import { QueryButton } from "./ShowQuery";
import { WidgetCard } from "./WidgetCard";
import { waited } from "./words";

/** What is counted, in two lines: what it is, and how it stands. */
const kinds: Record<string, { icon: typeof Flag16Regular; one: string; many: string; stands: string }> = {
  delivered_threats: { icon: Warning16Filled, one: "delivered threat", many: "delivered threats", stands: "still in mailboxes" },
  waiting_actions: { icon: Hourglass16Regular, one: "action", many: "actions", stands: "waiting for approval" },
  untriaged_reports: { icon: Flag16Regular, one: "reported message", many: "reported messages", stands: "not triaged" },
  unowned_incidents: { icon: Person16Regular, one: "incident", many: "incidents", stands: "without an owner" },
  silent_sources: { icon: PlugDisconnected16Regular, one: "source", many: "sources", stands: "of mail silent" },
  release_requests: { icon: MailInbox16Regular, one: "request", many: "requests", stands: "to release mail" },
};

/** The first line: what needs a person now. Each is one link to the page where it is done. */
export function NeedsLine({ board }: { board: Board | undefined }) {
  const needs = board?.needs;
  return (
    <WidgetCard bare ready={needs !== undefined} height={88}>
      {needs && (
        <div className={styles.needs}>
          <b className={styles.needsname} aria-hidden>Needs a person now</b>
          {needs.items.length === 0 ? (
            <p className={styles.calm}><CheckmarkCircle20Regular aria-hidden /><span><b>Nothing waits</b>{needs.unread.length > 0 ? "Of what your roles show; some of it they do not." : "No threat delivered in the last 90 days, no action, no report and no source needs anybody."}</span></p>
          ) : (
            <ul>{needs.items.map((n, i) => <StatLink key={n.key} need={n} first={i === 0} asOf={board.as_of} />)}</ul>
          )}
        </div>
      )}
    </WidgetCard>
  );
}

function StatLink({ need, first, asOf }: { need: Need; first: boolean; asOf: string }) {
  const kind = kinds[need.key];
  const Icon = kind?.icon ?? Warning16Filled;
  const n = need.figure.value;
  const now = Date.parse(asOf);
  const facts = [
    need.oldest && `Oldest ${waited((now - Date.parse(need.oldest)) / 1000)}`,
    ...need.details.filter((d) => d.figure.value > 0).map((d) => `${number(d.figure.value)} ${d.label.toLowerCase()}`),
    need.late ? "overdue" : need.due && `due in ${waited((Date.parse(need.due) - now) / 1000)}`,
    need.names.slice(0, 2).join(", "),
  ].filter((f): f is string => typeof f === "string" && f !== "").slice(0, 2);
  return (
    <li data-threat={(first && need.key === "delivered_threats") || undefined}>
      <WayLink way={wayOf(need.figure)} className={styles.stat}>
        <span className={styles.statline}><b className="num">{number(n)}</b> <strong>{kind ? (n === 1 ? kind.one : kind.many) : need.label}</strong></span>
        {kind && <span className={styles.stands}>{kind.stands}</span>}
        <span className={styles.facts}><Icon aria-hidden /><span className="clip" title={facts.join(" · ")}>{facts.join(" · ")}</span></span>
      </WayLink>
      <QueryButton title={need.label} asked={[{ label: need.label, figure: need.figure }, ...need.details.map((d) => ({ label: d.label, figure: d.figure }))]} className={styles.corner} />
    </li>
  );
}
