import { Button, Checkbox, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ArrowSplit16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { ActionWord } from "../../components/Verdict";
import { useEvidence, useValueEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, clock, day, number } from "../../time/zone";
import styles from "./Campaigns.module.css";
import type { SplitStart } from "./Dialogs";
import { ExplorerLink } from "./ExplorerLink";
import { useSamples, type Campaign } from "./queries";

/** The newest messages; some can be picked and split off. */
export function Samples({ of: c, onSplit }: { of: Campaign; onSplit?: (s: SplitStart) => void }) {
  const [most, setMost] = useState(10);
  const list = useSamples(c, most);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const zone = useZone();
  const evidence = useEvidence();
  const value = useValueEvidence();
  const total = c.figures["deliveries"]?.value ?? 0;
  const toggle = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  return (
    <section className={`card ${styles.block}`} aria-labelledby="samples-title">
      <div className={styles.title}>
        <h2 id="samples-title">Messages</h2>
        <span className={styles.faded}>Newest first</span>
        <i className={styles.push} />
        {onSplit && <Button size="small" icon={<ArrowSplit16Regular />} disabledFocusable={picked.size === 0} title={picked.size === 0 ? "Pick messages first" : undefined} onClick={() => picked.size > 0 && onSplit({ messages: [...picked], count: picked.size })}>Split off{picked.size > 0 ? ` ${number(picked.size)}` : ""}</Button>}
        <ExplorerLink to={c.explorer}>All {number(total)} in Explorer</ExplorerLink>
      </div>
      {list.error ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : !list.data ? <Skeleton aria-label="Reading messages"><SkeletonItem style={{ height: 160 }} /></Skeleton> : (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="Messages of the campaign">
          <table className={styles.table}>
            <thead><tr>{onSplit && <th scope="col"><span className="unseen">Pick</span></th>}<th scope="col">Time</th><th scope="col">Subject</th><th scope="col">Sender</th><th scope="col">Recipient</th><th scope="col">Now</th></tr></thead>
            <tbody>
              {list.data.rows.map((r) => (
                <tr key={`${r.NetworkMessageId} ${r.RecipientEmailAddress}`}>
                  {onSplit && <td><Checkbox aria-label={`Pick ${r.Subject || "the message"} to ${r.RecipientEmailAddress}`} checked={picked.has(r.NetworkMessageId)} onChange={() => toggle(r.NetworkMessageId)} /></td>}
                  <td className="num"><time dateTime={r.Timestamp} title={both(new Date(r.Timestamp))}>{day(new Date(r.Timestamp), zone)}, {clock(new Date(r.Timestamp), zone)}</time></td>
                  <th scope="row"><Link to="/email/$id" params={{ id: r.NetworkMessageId }} search={{ recipient: r.RecipientEmailAddress } as never}>{r.Subject ? <Untrusted text={evidence(r.Subject)} /> : <i>(no subject)</i>}</Link></th>
                  <td><Untrusted text={value("SenderFromAddress", r.SenderFromAddress)} /></td>
                  <td><Untrusted text={r.RecipientEmailAddress} /></td>
                  <td><ActionWord outcome={r.outcome as never} place={r.LatestDeliveryLocation} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.data?.next && most < 200 && <Button size="small" appearance="subtle" onClick={() => setMost(most === 10 ? 50 : 200)}>Show more</Button>}
    </section>
  );
}
