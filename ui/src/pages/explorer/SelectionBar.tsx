import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { View } from "../../address/explorer";
import type { EmailRow } from "../../api/client";
import { chosen } from "../../components/grid/columns";
import { facts, nothing, type Selection } from "../../components/grid/selection";
import { TakeAction } from "../actions/TakeAction";
import type { Scope as Targets } from "../../address/actions";
import { useCopy } from "../../components/copy";
import { ArrowDownload20Regular, Briefcase20Regular, Copy20Regular, Dismiss16Regular } from "../../components/icons";
import { useMay, usePreferences } from "../../session/queries";
import { useAddToIncident, type MailStart } from "../incidents/AddProvider";
import { defang } from "../../text/defang";
import { number } from "../../time/zone";
import styles from "./Explorer.module.css";
import { exportLink } from "./export";

interface Scope { view: string; q: string; from: string; to: string }

const copies: [label: string, of: (r: EmailRow) => string, hostile: boolean][] = [
  ["Senders, defanged", (r) => r.SenderFromAddress, true],
  ["Sender domains, defanged", (r) => r.SenderFromDomain, true],
  ["Sender IPs, defanged", (r) => r.SenderIPv4 || r.SenderIPv6, true],
  ["Recipients", (r) => r.RecipientEmailAddress, false],
  ["Internet message ids", (r) => r.InternetMessageId, false],
  ["Network message ids", (r) => r.NetworkMessageId, false],
];

/** What is selected, and what can be done with it. */
export function SelectionBar({ selection, total, onSelect, scope }: { selection: Selection; total: number; onSelect: (s: Selection) => void; scope: Scope }) {
  const copy = useCopy();
  const may = useMay("explorer.export"), work = useMay("incident.work");
  const addTo = useAddToIncident();
  const [preferences] = usePreferences();
  const f = facts(selection);
  const n = selection.all?.events ?? selection.rows.size;
  const said = [
    f.stillThere > 0 ? `${number(f.stillThere)} still where a person can read it` : "",
    f.priority > 0 ? `${number(f.priority)} to priority accounts` : "",
    selection.all ? "frozen as it is now: mail that comes in later is not part of it" : `${number(f.mailboxes)} mailbox${f.mailboxes === 1 ? "" : "es"}`,
  ].filter((s) => s !== "");
  const list = (of: (r: EmailRow) => string, hostile: boolean) => [...new Set([...selection.rows.values()].map(of))].filter((v) => v !== "").map((v) => (hostile ? defang(v) : v));
  return (
    <div className={styles.selection} role="region" aria-label="Selection">
      <b className="num" role="status">{number(n)} selected</b>
      {!selection.all && total > selection.rows.size && (
        <button type="button" className="textbutton" onClick={() => onSelect({ rows: selection.rows, all: { ...scope, events: total } })}>Select all {number(total)} that match</button>
      )}
      <span className={`${styles.said} clip`}>{said.join(" · ")}</span>
      <span className={styles.push} />
      {selection.all ? (
        may && <Button size="small" icon={<ArrowDownload20Regular />} onClick={() => location.assign(exportLink(selection.all!, "csv", chosen(preferences.explorer_columns).map((c) => c.field)))}>Export as CSV</Button>
      ) : (
        <Menu>
          <MenuTrigger disableButtonEnhancement><Button size="small" icon={<Copy20Regular />}>Copy</Button></MenuTrigger>
          <MenuPopover>
            <MenuList>
              {copies.map(([label, of, hostile]) => {
                const values = list(of, hostile);
                return <MenuItem key={label} disabled={values.length === 0} secondaryContent={number(values.length)} onClick={() => copy(values.join("\n"), `${number(values.length)} copied`)}>{label}</MenuItem>;
              })}
            </MenuList>
          </MenuPopover>
        </Menu>
      )}
      {work && <Button size="small" icon={<Briefcase20Regular />} onClick={() => addTo(mailOf(selection))}>Add to incident</Button>}
      <TakeAction size="small" scope={() => targets(selection)} rows={selection.all ? undefined : [...selection.rows.values()]} />
      <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Select nothing" onClick={() => onSelect(nothing)} />
    </div>
  );
}

/** The selection as mail for an incident: all that match as a query that can be kept, picked rows one by one. */
function mailOf(s: Selection): MailStart {
  if (s.all) return { query: { view: s.all.view as View, q: s.all.q, from: s.all.from, to: s.all.to }, count: s.all.events };
  const rows = [...s.rows.values()];
  return { events: rows.map((r) => ({ network_message_id: r.NetworkMessageId, recipient: r.RecipientEmailAddress })), count: rows.length, ...(rows[0] && { name: rows[0].Subject.slice(0, 200) }) };
}

/** What an action on the selection is about. */
function targets(s: Selection): Targets {
  if (s.all) return { what: "all", view: s.all.view as View, q: s.all.q, from: s.all.from, to: s.all.to };
  return { what: "picked", picks: [...s.rows.values()].map((r) => ({ id: r.NetworkMessageId, recipient: r.RecipientEmailAddress })) };
}
