import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import base from "../policy/Policy.module.css";
import styles from "./Account.module.css";
import { useEndSession, useSessions } from "./queries";
import { Time } from "./Time";

/** Where somebody is signed in: one's own sessions, or everybody's. */
export function SessionsCard({ whose }: { whose: "own" | "all" }) {
  const sessions = useSessions(whose);
  const end = useEndSession();
  return (
    <section className={`card ${base.block}`} aria-labelledby="sessions-title">
      <div className={base.title}><h2 id="sessions-title">{whose === "own" ? "Where you are signed in" : "Who is signed in"}</h2></div>
      {end.error ? <ProblemNote error={end.error} /> : null}
      {sessions.error ? <ProblemNote error={sessions.error} onRetry={() => void sessions.refetch()} /> : !sessions.data ? <Skeleton aria-label="Reading sessions"><SkeletonItem size={20} /></Skeleton> : sessions.data.length === 0 ? <p className={base.dim}>Nobody.</p> : (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="List of sessions">
          <table className={base.table}>
            <thead><tr>{whose === "all" && <th scope="col">Operator</th>}<th scope="col">Device</th><th scope="col">Address</th><th scope="col">Since</th><th scope="col">Last seen</th><th scope="col"><span className="unseen">What to do</span></th></tr></thead>
            <tbody>
              {sessions.data.map((s) => (
                <tr key={s.id}>
                  {whose === "all" && <td>{s.email}</td>}
                  <td title={s.device}><Untrusted text={device(s.device)} /></td>
                  <td className="mono">{s.address}</td>
                  <td><Time at={s.began} /></td>
                  <td><Time at={s.seen} /></td>
                  <td className={styles.last}>{s.this ? <b>This one</b> : <Button size="small" aria-label={`End the session of ${s.email} from ${s.address}`} disabledFocusable={end.isPending} onClick={() => end.mutate(s.id)}>End</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Browser and system out of what a browser calls itself; the words themselves when they are not known. */
export function device(agent: string): string {
  const browser = ([["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const).find(([k]) => agent.includes(k))?.[1];
  const system = ([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["Linux", "Linux"]] as const).find(([k]) => agent.includes(k))?.[1];
  return browser ? `${browser}${system ? ` on ${system}` : ""}` : agent.slice(0, 60) || "unknown";
}
