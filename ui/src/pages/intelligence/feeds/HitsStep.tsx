import { Spinner } from "@fluentui/react-components";
import type { UseMutationResult } from "@tanstack/react-query";
import { CheckmarkCircle16Regular, Warning16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { Value } from "../../../components/ValueMenu";
import { useValueEvidence } from "../../../text/useEvidence";
import { number } from "../../../time/zone";
import { Time } from "../../account/Time";
import styles from "./Feeds.module.css";
import type { Asked, Hits } from "./queries";

/** Where a value stands, in words. */
const places: Record<string, string> = {
  Url: "Link", UrlTarget: "Target of a link", UrlDomain: "Host of a link", SenderFromAddress: "From", SenderMailFromAddress: "Envelope sender", SenderFromDomain: "Domain of From", SenderIPv4: "Server", SenderIPv6: "Server", Subject: "Subject", SHA256: "File", SHA1: "File", MD5: "File",
};

/** What the feed would have met in stored mail: the best sign of what it will do. */
export function HitsStep({ hits, onRetry }: { hits: UseMutationResult<Hits, Error, Asked>; onRetry: () => void }) {
  const evidence = useValueEvidence();
  if (hits.error) return <ProblemNote error={hits.error} onRetry={onRetry} />;
  const h = hits.data;
  if (!h) return <div role="status"><Spinner size="small" label="Reading the feed and holding it against the mail of 30 days. This can take minutes." labelPosition="after" /></div>;
  const covered = <>{number(h.read)} entries{h.more && " (the feed has more)"} were held against {number(h.mail)} {h.mail === 1 ? "message" : "messages"} since <Time at={h.from} />.</>;
  return (
    <>
      {h.values === 0 ? (
        <p className={styles.said} role="status"><CheckmarkCircle16Regular aria-hidden /><span><b>It would have hit nothing.</b> {covered} {h.mail === 0 ? "There is no mail of that time, so this says nothing about the feed." : "It may still know what comes tomorrow."}</span></p>
      ) : (
        <p className={styles.said} role="status"><CheckmarkCircle16Regular aria-hidden /><span><b>It would have met {number(h.values)} {h.values === 1 ? "value" : "values"} of your mail, {number(h.messages)} {h.messages === 1 ? "time" : "times"}.</b> {covered}</span></p>
      )}
      {h.wide > 0 && <p className={`${styles.said} ${styles.warn}`}><Warning16Regular aria-hidden /><span><b>{number(h.wide)} {h.wide === 1 ? "entry is" : "entries are"} in more than half a percent of your mail.</b> Such entries are often harmless: a large site, a mailing service. Look at them before you let this feed confirm anything.</span></p>}
      {h.hits.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="What it would have hit">
          <table className={styles.table}>
            <thead><tr><th>In mail</th><th>Where</th><th>Entry of the feed</th><th className={styles.n}>Messages</th><th className={styles.n}>Of all</th><th>Last</th></tr></thead>
            <tbody>
              {h.hits.map((x, i) => (
                <tr key={i}>
                  <td className="mono"><Value field={x.column} value={x.value}><Untrusted text={evidence(x.column, x.value)} /></Value></td><td className={styles.where}>{places[x.column] ?? x.column}</td>
                  <td className="mono"><Untrusted text={evidence("Url", x.indicator)} />{x.threat && <> (<Untrusted text={x.threat} />)</>}</td>
                  <td className={`${styles.n} num`}>{number(x.messages)}</td><td className={`${styles.n} num`}>{x.percent < 0.01 ? "< 0.01" : x.percent.toFixed(2)} %</td><td><Time at={x.last} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {h.values > h.hits.length && <p className={styles.faded}>Those in most messages are shown.</p>}
    </>
  );
}
