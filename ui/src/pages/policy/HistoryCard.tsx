import { Button } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useZone } from "../../time/Clock";
import { both, clock, day, full, year } from "../../time/zone";
import { differences, valueName, type Settings } from "./decide";
import { Diff } from "./Diff";
import styles from "./Policy.module.css";
import { useVersions } from "./queries";

/** Which state of the policy decides now, and who made it so. */
export function InForceCard({ now }: { now: Schemas["PolicyInForce"] }) {
  const zone = useZone();
  return (
    <section className={`card ${styles.block}`} aria-labelledby="policy-now">
      <div className={styles.title}><h2 id="policy-now">In force</h2></div>
      <dl className={styles.facts}>
        <dt>Mode</dt><dd><b>{valueName("mode", now.policy.mode)}</b></dd>
        <dt>From</dt><dd>{now.source === "product" ? <>Version <b className="num">{now.version}</b>, saved here</> : "The settings file"}</dd>
        {now.at && <><dt>Since</dt><dd><time className="num" dateTime={now.at} title={both(new Date(now.at))}>{full(new Date(now.at), zone)}</time></dd></>}
        {now.by && <><dt>By</dt><dd><Untrusted text={now.by} /></dd></>}
        {now.reason && <><dt>Because</dt><dd><Untrusted text={now.reason} /></dd></>}
      </dl>
      {now.source === "settings" && <p className={styles.dim} style={{ marginTop: 8 }}>From the first time it is saved here, the settings file does not decide any more.</p>}
    </section>
  );
}

/** Every state of the policy, newest first: who, when, why, what it changed, and the way back to it. */
export function HistoryCard({ now, onRestore }: { now: Schemas["PolicyInForce"]; onRestore: ((p: Settings, reason: string) => void) | undefined }) {
  const zone = useZone();
  const versions = useVersions();
  const all = versions.data?.pages.flatMap((p) => p.versions) ?? [];
  const same = (p: Settings) => differences(now.policy, p).length === 0;
  const restore = (p: Settings, name: string) => onRestore && !same(p) && <Button size="small" onClick={() => onRestore(p, `Back to ${name}: `)}>Restore</Button>;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="policy-history">
      <div className={styles.title}><h2 id="policy-history">History</h2></div>
      {versions.error ? <ProblemNote error={versions.error} onRetry={() => void versions.refetch()} /> : null}
      <ol className={styles.versions}>
        {all.map((v) => (
          <li key={v.version}>
            <div className={styles.title}>
              <b className="num">Version {v.version}</b>
              <span className={styles.dim}><time className="num" dateTime={v.at} title={both(new Date(v.at))}>{day(new Date(v.at), zone)} {year(new Date(v.at), zone)}, {clock(new Date(v.at), zone)}</time></span>
              <span style={{ flex: 1 }} />
              {v.version === now.version ? <span>in force</span> : restore(v.policy, `version ${v.version}`)}
            </div>
            <p><Untrusted text={v.reason} /></p>
            <p className={styles.who}><Untrusted text={v.by} />{v.via === "token" && ", over the API"}</p>
            {v.changes.length > 0 ? <Diff changes={v.changes} /> : <p className={styles.who}>Changed nothing.</p>}
          </li>
        ))}
        {!versions.hasNextPage && !versions.isLoading && (
          <li>
            <div className={styles.title}><b>Settings file</b><span style={{ flex: 1 }} />{now.version === 0 ? <span>in force</span> : restore(now.settings, "the settings file")}</div>
            <p className={styles.who}>{all.length === 0 ? "The policy was never changed here. Each change will stand here with its reason, and can be taken back." : "What it started from, as the file is now."}</p>
          </li>
        )}
      </ol>
      {versions.hasNextPage && <Button size="small" disabledFocusable={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>Older</Button>}
    </section>
  );
}
