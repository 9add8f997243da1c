import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { origins } from "../../address/explorer";
import { useExplorer } from "../../address/useAddress";
import type { Facet, Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { FacetRows } from "../../components/FacetList";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { useFields } from "../../filter/useFilter";
import { defang } from "../../text/defang";
import { number } from "../../time/zone";
import styles from "./Explorer.module.css";

/** The frame of a tab: waiting, refused, or the answer with its foot. */
function Pane<T>({ answer, foot, children }: { answer: UseQueryResult<T>; foot: ReactNode; children: (data: T) => ReactNode }) {
  return (
    <>
      <div className={`${styles.values} ${answer.isPlaceholderData ? styles.stale : ""}`}>
        {answer.error ? <ProblemNote error={answer.error} onRetry={() => void answer.refetch()} /> : answer.data === undefined ? (
          <Skeleton className={styles.wait} aria-label="Counting">{[0, 1, 2, 3, 4, 5, 6, 7].map((i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
        ) : children(answer.data)}
      </div>
      <footer className={styles.foot}>{foot}</footer>
    </>
  );
}

function Listed({ facet, title, none }: { facet: Facet; title: string; none: string }) {
  const shown = facet.values.filter((v) => v.value !== "");
  if (shown.length === 0) return <EmptyState small title={none} why="Widen the time or the filter to look further." />;
  const more = facet.distinct - facet.values.length;
  const without = facet.values.find((v) => v.value === "")?.count ?? 0;
  return (
    <section className={styles.listed}>
      <div className={styles.listhead}><h2>{title}</h2><span>email events</span></div>
      <FacetRows field={facet.field} values={shown} />
      {(more > 0 || without > 0) && (
        <p className={styles.more}>
          {more > 0 && <>and {number(more)} more; a filter brings them up </>}
          {without > 0 && <Value field={facet.field} value=""><span className="num">{number(without)} without</span></Value>}
        </p>
      )}
    </section>
  );
}

type Answer = UseQueryResult<Facet>;

/** Mailboxes that got most of this mail. */
export function UsersTab({ answer, foot }: { answer: Answer; foot: ReactNode }) {
  const [{ view }] = useExplorer();
  return <Pane answer={answer} foot={foot}>{(f) => <Listed facet={f} title={view === "all" ? "Top recipients" : "Top targeted users"} none="No mailbox got such mail" />}</Pane>;
}

/** Names that engines and rules gave to malware and threats. */
export function FamiliesTab({ answer, users, foot }: { answer: Answer; users: Answer; foot: ReactNode }) {
  const [{ view }] = useExplorer();
  return (
    <Pane answer={answer} foot={foot}>
      {(f) => (
        <div className={styles.two}>
          <Listed facet={f} title="Top malware families" none="No malware family was named in this mail" />
          {view === "malware" && users.data && <Listed facet={users.data} title="Top targeted users" none="No mailbox got malware" />}
        </div>
      )}
    </Pane>
  );
}

/** Where mail came from: by domain, address of the server, or country. */
export function OriginTab({ answer, field, onField, foot }: { answer: Answer; field: string; onField: (f: string) => void; foot: ReactNode }) {
  const { label } = useFields();
  return (
    <Pane answer={answer} foot={foot}>
      {(f) => (
        <>
          <div className={styles.by} role="group" aria-label="Group by">
            {origins.map((o) => <button key={o} type="button" aria-pressed={o === field} onClick={() => onField(o)}>{label(o)}</button>)}
          </div>
          {field === "SenderCountry" && f.values.every((v) => v.value === "") && f.values.length > 0 ? (
            <EmptyState small title="No countries are known" why="Countries come from a GeoIP file, which this installation does not have." />
          ) : <Listed facet={f} title={label(field)} none="No origin in this mail" />}
        </>
      )}
    </Pane>
  );
}

/** Links in the mail, most common first, with what became of the mail that held them. */
export function URLsTab({ answer, foot }: { answer: UseQueryResult<Schemas["URLPage"]>; foot: ReactNode }) {
  return (
    <Pane answer={answer} foot={foot}>
      {(page) =>
        page.rows.length === 0 ? <EmptyState small title="No URL in this mail" why="Widen the time or the filter to look further." /> : (
          <>
            <table className={styles.urls}>
              <thead>
                <tr>
                  <th scope="col">URL</th><th scope="col">Domain</th><th scope="col">Where</th>
                  <th scope="col" className={styles.n}>Messages</th><th scope="col" className={styles.n}>Email events</th>
                  <th scope="col" className={styles.n}>Blocked</th><th scope="col" className={styles.n}>Junked</th><th scope="col" className={styles.n}>Delivered</th>
                </tr>
              </thead>
              <tbody>
                {page.rows.map((r) => (
                  <tr key={`${r.UrlLocation} ${r.Url}`}>
                    <td className="mono clip"><Value field="Url" value={r.Url} className="clip"><Untrusted text={defang(r.Url)} /></Value></td>
                    <td className="clip"><Value field="UrlDomain" value={r.UrlDomain}><Untrusted text={r.UrlDomain} spelling /></Value></td>
                    <td>{r.UrlLocation === "QRCode" ? "QR code" : r.UrlLocation}</td>
                    <td className={`${styles.n} num`}>{number(r.messages)}</td>
                    <td className={`${styles.n} num`}><b>{number(r.events)}</b></td>
                    <td className={`${styles.n} ${r.blocked ? styles.blocked : styles.zero} num`}>{number(r.blocked)}</td>
                    <td className={`${styles.n} ${r.junked ? styles.junked : styles.zero} num`}>{number(r.junked)}</td>
                    <td className={`${styles.n} ${r.delivered ? "" : styles.zero} num`}>{number(r.delivered)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {page.distinct > page.rows.length && <p className={styles.more}>and {page.distinct_estimated && "about "}{number(page.distinct - page.rows.length)} more; a filter brings them up</p>}
          </>
        )
      }
    </Pane>
  );
}
