import { Button } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Time } from "../account/Time";
import base from "../policy/Policy.module.css";
import styles from "./Actions.module.css";
import { same, type Policy } from "./ApprovalsPage";
import { useApprovalVersions } from "./queries";
import { Differences } from "./SaveApprovalsDialog";

/** Every state of the approval policy, newest first, and the way back to it. */
export function ApprovalHistory({ now, onRestore }: { now: Schemas["ApprovalsInForce"]; onRestore: ((p: Policy, reason: string) => void) | undefined }) {
  const versions = useApprovalVersions();
  const all = versions.data?.pages.flatMap((p) => p.versions) ?? [];
  const restore = (p: Policy, name: string) => onRestore && !same(p, now.policy) && <Button size="small" onClick={() => onRestore(p, `Back to ${name}: `)}>Restore</Button>;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="approvals-history">
      <h2 id="approvals-history">History</h2>
      {versions.error ? <ProblemNote error={versions.error} onRetry={() => void versions.refetch()} /> : null}
      <ol className={base.versions}>
        {all.map((v, i) => {
          const before = all[i + 1]?.policy ?? (versions.hasNextPage ? undefined : now.settings);
          return (
            <li key={v.version}>
              <div className={base.title}><b className="num">Version {v.version}</b><span className={base.dim}><Time at={v.at} /></span><i className={styles.push} />{v.version === now.version ? <span>in force</span> : restore(v.policy, `version ${v.version}`)}</div>
              <p><Untrusted text={v.reason} /></p>
              <p className={base.who}><Untrusted text={v.by} />{v.via === "token" && ", over the API"}</p>
              {before && <Differences before={before} after={v.policy} />}
            </li>
          );
        })}
        {!versions.hasNextPage && !versions.isLoading && (
          <li>
            <div className={base.title}><b>What it began with</b><i className={styles.push} />{now.version === 0 ? <span>in force</span> : restore(now.settings, "what it began with")}</div>
            <p className={base.who}>{all.length === 0 ? "It was never changed here. Each change will stand here with its reason, and can be taken back." : "The settings, or what Tocsin comes with."}</p>
          </li>
        )}
      </ol>
      {versions.hasNextPage && <Button size="small" disabledFocusable={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>Older</Button>}
    </section>
  );
}
