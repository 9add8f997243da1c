import { Button } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { readExplorer, writeExplorer } from "../../address/explorer";
import type { EmailRow, Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { keyOf } from "../../components/grid/selection";
import { Search20Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { ActionWord, VerdictBadge } from "../../components/Verdict";
import { useOperator } from "../../session/queries";
import { useValueEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import styles from "./Email.module.css";
import { Part } from "./Part";
import rows from "./Rows.module.css";

/** Mail like this one, newest first, and the question that finds all of it. */
export function SimilarPane({ similar }: { similar: UseQueryResult<Schemas["Similar"]> }) {
  const navigate = useNavigate();
  const s = similar.data;
  const explorer = (q: string) => void navigate({ to: "/explorer", search: writeExplorer({ ...readExplorer({}), q, range: { last: "all" } }) });
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Similar mail</h2>
        {s && s.count > 0 && <span className="num">{number(s.count)} other email event{s.count === 1 ? "" : "s"}, {s.by === "cluster" ? "of the same cluster" : "with the same subject and sender"}</span>}
        <span className={styles.push} />
        {s && s.count > 0 && <Button size="small" icon={<Search20Regular />} onClick={() => explorer(s.kql)}>Open in Explorer</Button>}
      </div>
      <Part answer={similar} label="Looking for similar mail">
        {(d) => (!d.by ? (
          <EmptyState small title="Nothing to compare by" why="The message has no cluster, and no subject and sender that others could share." />
        ) : d.rows.length === 0 ? (
          <EmptyState small title="No other mail like this" why={`Among all mail that is kept, none is ${d.by === "cluster" ? "of the same cluster" : "from the same sender with the same subject"}.`} />
        ) : (
          <>
            <table className={rows.table}>
              <thead>
                <tr><th scope="col" className={rows.time}>Time</th><th scope="col">Subject</th><th scope="col">Recipient</th><th scope="col" className={rows.from}>Sender</th><th scope="col" className={rows.verdict}>Verdict</th><th scope="col" className={rows.action}>Action</th></tr>
              </thead>
              <tbody>{d.rows.map((r) => <Row key={keyOf(r)} row={r} />)}</tbody>
            </table>
            {d.count > d.rows.length && <p className={styles.dim}>and {number(d.count - d.rows.length)} more; <button type="button" className="textbutton" onClick={() => explorer(d.kql)}>Explorer lists all of them</button></p>}
          </>
        ))}
      </Part>
    </section>
  );
}

function Row({ row: r }: { row: EmailRow }) {
  const zone = useZone();
  const evidence = useValueEvidence();
  const { organisation } = useOperator();
  const cut = r.RecipientEmailAddress.lastIndexOf("@");
  const mine = cut > 0 && organisation.domains.includes(r.RecipientEmailAddress.slice(cut + 1).toLowerCase());
  const t = new Date(r.Timestamp);
  return (
    <tr>
      <td className={rows.time}><time className="num" dateTime={r.Timestamp} title={both(t)}>{day(t, zone)} {clock(t, zone)}</time></td>
      <td>
        <Link to="/email/$id" params={{ id: r.NetworkMessageId }} search={{ recipient: r.RecipientEmailAddress }} className="clip">{r.Subject === "" ? <i>(no subject)</i> : <Untrusted text={r.Subject} />}</Link>
      </td>
      <td><Value field="RecipientEmailAddress" value={r.RecipientEmailAddress} className="clip"><Untrusted text={mine ? r.RecipientEmailAddress.slice(0, cut) : r.RecipientEmailAddress} /></Value></td>
      <td className={rows.from}><Value field="SenderFromAddress" value={r.SenderFromAddress} className="clip"><Untrusted text={evidence("SenderFromAddress", r.SenderFromAddress)} /></Value></td>
      <td className={rows.verdict}><VerdictBadge types={r.ThreatTypes} confidence={r.PhishConfidence} latest={r.LatestThreatTypes} /></td>
      <td><ActionWord outcome={r.outcome} /></td>
    </tr>
  );
}
