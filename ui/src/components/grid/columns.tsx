import type { ReactNode } from "react";
import type { EmailRow } from "../../api/client";
import { revealed } from "../../text/reveal";
import { both, clock, day, number, rfc3339, year, type Zone } from "../../time/zone";
import { Attach16Regular, Star12Filled } from "../icons";
import { Untrusted } from "../Untrusted";
import { ActionWord, listed, VerdictBadge } from "../Verdict";
import styles from "./Grid.module.css";

export interface Look {
  zone: Zone;
  /** Domains of the organisation: their mailboxes are shown by the name before the @. */
  own: ReadonlySet<string>;
  /** The year that goes without saying. */
  thisYear: number;
  /** The list is narrow: time without the day. */
  narrow: boolean;
}

export interface Column {
  /** Column of EmailEvents; what it sorts by and what the value menu filters. */
  field: string;
  label: string;
  /** Least width in pixels, and the share of what is left. */
  min: number;
  grow: number;
  /** What is copied and filtered by. */
  value: (r: EmailRow) => string;
  cell?: (r: EmailRow, look: Look) => ReactNode;
  /** A click opens the message instead of the value menu. */
  opens?: boolean;
  numeric?: boolean;
}

const text = (field: keyof EmailRow & string, label: string, min: number, grow = 0, more: Partial<Column> = {}): Column => ({
  field, label, min, grow, value: (r) => String(r[field]), ...more,
});
const count = (field: keyof EmailRow & string, label: string): Column => text(field, label, 92, 0, { numeric: true, cell: (r) => number(Number(r[field])) });

/** Everything a list of mail can show, in the order of the column chooser. */
export const columns: readonly Column[] = [
  {
    field: "Timestamp", label: "Time", min: 128, grow: 0, opens: true, value: (r) => rfc3339(new Date(r.Timestamp)),
    cell: (r, look) => {
      const t = new Date(r.Timestamp);
      const far = year(t, look.zone) !== look.thisYear;
      return (
        <time className="num" dateTime={r.Timestamp} title={both(t)}>
          {!look.narrow && <span className={styles.dim}>{far ? `${day(t, look.zone)} ${year(t, look.zone)}` : day(t, look.zone)} </span>}
          {clock(t, look.zone, !look.narrow && !far)}
        </time>
      );
    },
  },
  {
    field: "Subject", label: "Subject", min: 180, grow: 3.4, opens: true, value: (r) => r.Subject,
    cell: (r) => (
      <span className={styles.subject}>
        <span className="clip">{r.Subject === "" ? <i>(no subject)</i> : <Untrusted text={r.Subject} />}</span>
        {r.AttachmentCount > 0 && (
          <span className={styles.mark} title={`${r.AttachmentCount} attachment${r.AttachmentCount === 1 ? "" : "s"}`}>
            <Attach16Regular aria-hidden /><span className="unseen">{r.AttachmentCount} attachments</span>
          </span>
        )}
      </span>
    ),
  },
  {
    field: "RecipientEmailAddress", label: "Recipient", min: 116, grow: 1.4, value: (r) => r.RecipientEmailAddress,
    cell: (r, look) => {
      const cut = r.RecipientEmailAddress.lastIndexOf("@");
      const mine = cut > 0 && look.own.has(r.RecipientEmailAddress.slice(cut + 1).toLowerCase());
      return (
        <span className="clip" title={revealed(r.RecipientEmailAddress)}>
          {r.IsPriorityAccount && <><Star12Filled className={styles.star} aria-hidden /><span className="unseen">Priority account </span></>}
          <Untrusted text={mine ? r.RecipientEmailAddress.slice(0, cut) : r.RecipientEmailAddress} />
        </span>
      );
    },
  },
  text("SenderFromAddress", "Sender", 150, 3),
  {
    field: "ThreatTypes", label: "Verdict", min: 112, grow: 0.2, value: (r) => listed(r.ThreatTypes)[0] ?? "",
    cell: (r) => <VerdictBadge types={r.ThreatTypes} confidence={r.PhishConfidence} latest={r.LatestThreatTypes} />,
  },
  {
    field: "DetectionTechnologies", label: "Why (first detection)", min: 150, grow: 2, value: (r) => listed(r.DetectionTechnologies)[0] ?? "",
    cell: (r) => <span className="clip" title={revealed(r.FirstSignal) || undefined}>{listed(r.DetectionTechnologies)[0] ?? <Untrusted text={r.FirstSignal} />}</span>,
  },
  { field: "DeliveryAction", label: "Delivery action", min: 112, grow: 0.2, value: (r) => r.DeliveryAction, cell: (r) => <ActionWord outcome={r.outcome} /> },
  { field: "LatestDeliveryLocation", label: "Latest location", min: 108, grow: 0.6, value: (r) => r.LatestDeliveryLocation, cell: (r) => (r.LatestDeliveryLocation === "Inbox/folder" ? "Inbox" : r.LatestDeliveryLocation) },
  { field: "SenderIPv4", label: "Sender IP", min: 130, grow: 0, value: (r) => r.SenderIPv4, cell: (r) => <span className="num">{r.SenderIPv4 || r.SenderIPv6}</span> },
  text("SenderDisplayName", "Sender name", 130, 1.5),
  text("SenderFromDomain", "Sender domain", 130, 1.5),
  text("SenderMailFromAddress", "Return path", 150, 2),
  text("SenderIPv6", "Sender IPv6", 150, 1),
  text("SenderCountry", "Country", 84),
  text("EmailDirection", "Direction", 92),
  { ...count("ThreatScore", "Score") },
  text("PhishConfidence", "Confidence", 96),
  text("LatestThreatTypes", "Latest verdict", 112),
  text("ThreatNames", "Threat names", 130, 1),
  text("FirstSignal", "First signal", 180, 2.5),
  text("DeliveryLocation", "Original location", 120, 0.6),
  text("LatestDeliveryAction", "Latest action", 120, 0.6),
  count("AttachmentCount", "Attachments"),
  count("UrlCount", "URLs"),
  { ...count("EmailSize", "Size"), cell: (r) => size(r.EmailSize) },
  text("EmailLanguage", "Language", 88),
  text("AuthSPF", "SPF", 80),
  text("AuthDKIM", "DKIM", 80),
  text("AuthDMARC", "DMARC", 80),
  text("Connectors", "Source", 110, 0.5),
  text("EmailClusterId", "Cluster", 150, 0.5),
  text("InternetMessageId", "Internet message id", 200, 2),
  text("NetworkMessageId", "Network message id", 290),
];

export const usualColumns: readonly string[] = ["Timestamp", "Subject", "RecipientEmailAddress", "SenderFromAddress", "ThreatTypes", "DetectionTechnologies", "DeliveryAction", "LatestDeliveryLocation", "SenderIPv4"];

const byField = new Map(columns.map((c) => [c.field, c]));

/** The reader's columns in their order; the usual ones when they chose none. Subject and verdict are always there. */
export function chosen(kept: readonly string[]): Column[] {
  const names = kept.filter((f, i) => byField.has(f) && kept.indexOf(f) === i);
  const all = names.length === 0 ? [...usualColumns] : names;
  for (const must of ["Subject", "ThreatTypes"]) if (!all.includes(must)) all.push(must);
  return all.map((f) => byField.get(f)!);
}

export function size(octets: number): string {
  if (octets < 1024) return `${octets} B`;
  if (octets < 1024 * 1024) return `${(octets / 1024).toFixed(1)} KB`;
  return `${(octets / 1024 / 1024).toFixed(1)} MB`;
}
