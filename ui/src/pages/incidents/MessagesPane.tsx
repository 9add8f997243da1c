import { Button } from "@fluentui/react-components";
import { useEffect, useMemo, useState } from "react";
import type { IncidentState } from "../../address/incidents";
import type { EmailRow, Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { chosen } from "../../components/grid/columns";
import { MailGrid } from "../../components/grid/MailGrid";
import { facts, keyOf, nothing, type Selection } from "../../components/grid/selection";
import { Delete16Regular, Dismiss12Regular, Dismiss16Regular, Person16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useOperator, usePreferences } from "../../session/queries";
import { useClock, useZone } from "../../time/Clock";
import { number, year } from "../../time/zone";
import { EmailFlyout } from "../email/EmailFlyout";
import styles from "./Incidents.module.css";
import { LiveQueries } from "./LiveQueries";
import { useMessages, useRemoveMail } from "./queries";
import { TakeActionHere } from "./TakeActionHere";
import type { Incident } from "./words";

interface Props {
  of: Incident;
  state: IncidentState;
  change: (c: Partial<IncidentState>, how?: { replace?: boolean }) => void;
}

const fields = ["Timestamp", "Subject", "RecipientEmailAddress", "SenderFromAddress", "ThreatTypes", "DeliveryAction", "LatestDeliveryLocation"];
const rowsOf = (pages: readonly Schemas["IncidentEmails"][] | undefined) => pages?.flatMap((p) => p.rows) ?? [];
const events = (n: number) => `${number(n)} email event${n === 1 ? "" : "s"}`;

/** The frozen list of an incident's mail as it is now, and the queries beside it that say when there is more. */
export function MessagesPane({ of: i, state, change }: Props) {
  const messages = useMessages(i, state.recipient);
  const [preferences] = usePreferences();
  const { organisation } = useOperator();
  const zone = useZone();
  const { now } = useClock();
  const [selection, setSelection] = useState<Selection>(nothing);
  useEffect(() => setSelection(nothing), [state.recipient, i.messages]);
  const beside = state.open !== undefined; // no room for the time, which the message beside it shows
  const columns = useMemo(() => chosen(beside ? fields.slice(1) : fields), [beside]);
  const look = useMemo(() => ({ zone, own: new Set(organisation.domains), thisYear: year(now, zone) }), [zone, organisation.domains, now]);
  const rows = rowsOf(messages.data?.pages);
  const gone = new Set(messages.data?.pages.flatMap((p) => p.gone)).size;
  const open = (r: EmailRow) => change({ open: { id: r.NetworkMessageId, recipient: r.RecipientEmailAddress } }, { replace: state.open !== undefined });
  return (
    <>
      {i.counts.queries > 0 && <LiveQueries of={i} />}
      <section className={`card ${styles.maillist}`} aria-label="Mail of the incident">
        {state.recipient !== "" && <div className={styles.only}><Person16Regular aria-hidden />Only mail to <b><Untrusted text={state.recipient} /></b><Button size="small" appearance="subtle" icon={<Dismiss12Regular />} onClick={() => change({ recipient: "" })}>Show all</Button></div>}
        {selection.rows.size > 0 && <Picked of={i} selection={selection} onSelect={setSelection} />}
        {messages.error ? <ProblemNote error={messages.error} onRetry={() => void messages.refetch()} /> : (
          <MailGrid
            label="Mail of the incident"
            rows={rows}
            total={state.recipient === "" ? i.messages : messages.hasNextPage ? -1 : rows.length}
            more={messages.hasNextPage}
            loading={messages.isLoading || messages.isFetchingNextPage}
            onMore={() => void messages.fetchNextPage()}
            columns={columns}
            sort="Timestamp"
            desc
            selection={selection}
            onSelect={setSelection}
            open={state.open && `${state.open.id}~${state.open.recipient}`}
            onOpen={open}
            rowHeight={preferences.density === "compact" ? 28 : 34}
            look={look}
            empty={
              <EmptyState small title={state.recipient ? "No mail to this person" : "No mail is in this incident"} why={state.recipient ? "Nothing in the incident was sent to this address." : "Select mail in Explorer, or open one message, and choose Add to incident."}>
                {state.recipient !== "" && <Button onClick={() => change({ recipient: "" })}>Show all</Button>}
              </EmptyState>
            }
            foot={(first, last) => (
              <>
                {rows.length > 0 && <span className="num">{number(first)}–{number(last)}{state.recipient === "" && <> of <b>{number(i.messages)}</b></>}, newest first</span>}
                <span>A list that stays: mail that comes later is not in it by itself</span>
                {gone > 0 && <span className="num">{events(gone)} older than what is kept: only who and when is known</span>}
              </>
            )}
          />
        )}
        {i.may_work && selection.rows.size === 0 && rows.length > 0 && <div className={styles.mailacts}><TakeActionHere of={i} /></div>}
      </section>
    </>
  );
}

/** What is picked of an incident's mail, and what can be done with it. */
function Picked({ of: i, selection, onSelect }: { of: Incident; selection: Selection; onSelect: (s: Selection) => void }) {
  const remove = useRemoveMail(i.id);
  const [sure, setSure] = useState(false);
  const f = facts(selection);
  const picks = [...selection.rows.values()].map((r) => ({ id: r.NetworkMessageId, recipient: r.RecipientEmailAddress }));
  return (
    <div className={styles.bulk} role="region" aria-label="Selection">
      <b className="num" role="status">{number(picks.length)} selected</b>
      <span className={styles.faded}>{f.stillThere > 0 ? `${number(f.stillThere)} still where a person can read it` : `${number(f.mailboxes)} mailbox${f.mailboxes === 1 ? "" : "es"}`}</span>
      <span className={styles.push} />
      {i.may_work && !sure && <Button size="small" icon={<Delete16Regular />} onClick={() => setSure(true)}>Take out of the incident</Button>}
      {sure && <span role="alert">No mailbox is touched. <Button size="small" appearance="primary" disabledFocusable={remove.isPending} onClick={() => remove.mutate(picks.map((p) => ({ network_message_id: p.id, recipient: p.recipient })), { onSuccess: () => onSelect(nothing) })}>Take {number(picks.length)} out</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Leave them</Button></span>}
      {!sure && <TakeActionHere of={i} picks={picks} />}
      <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Select nothing" onClick={() => onSelect(nothing)} />
      {remove.error ? <div className={styles.whole}><ProblemNote error={remove.error} /></div> : null}
    </div>
  );
}

/** The open message, with the ones before and after it in the list. */
export function MessageFlyout({ of: i, state, change }: Props) {
  const messages = useMessages(i, state.recipient);
  const rows = rowsOf(messages.data?.pages);
  const key = state.open && `${state.open.id}~${state.open.recipient}`;
  const at = rows.findIndex((r) => keyOf(r) === key);
  const near = (n: number) => {
    const r = at < 0 ? undefined : rows[at + n];
    return r && (() => change({ open: { id: r.NetworkMessageId, recipient: r.RecipientEmailAddress } }, { replace: true }));
  };
  if (!state.open) return null;
  return (
    <EmailFlyout
      id={state.open.id}
      recipient={state.open.recipient}
      pane={state.pane}
      onPane={(pane) => change({ pane }, { replace: true })}
      position={at >= 0 ? { at: at + 1, of: Math.max(rows.length, state.recipient === "" ? i.messages : 0) } : undefined}
      onPrev={near(-1)}
      onNext={near(1)}
      onClose={() => change({ open: undefined, pane: "" }, { replace: true })}
    />
  );
}
