import { Button, Tooltip } from "@fluentui/react-components";
import { useEffect, useState, type ReactNode } from "react";
import type { Tab } from "../../address/explorer";
import { useCoverage, useExplorer } from "../../address/useAddress";
import type { EmailRow } from "../../api/client";
import { CoverageNote } from "../../components/CoverageNote";
import { ColumnChooser } from "../../components/grid/ColumnChooser";
import { Pause16Regular, Play16Regular } from "../../components/icons";
import { arrows } from "../../components/tabs";
import { usePreferences } from "../../session/queries";
import { useClock } from "../../time/Clock";
import { number } from "../../time/zone";
import { EmailTab } from "./EmailTab";
import styles from "./Explorer.module.css";
import { FamiliesTab, OriginTab, URLsTab, UsersTab } from "./ValueTabs";
import { useFacet, useURLs } from "./queries";
import { useLive } from "./useLive";
import type { Mail } from "./useMail";

/** The tabs under the chart: the mail, and what is in it by URL, mailbox, origin and malware family. */
export function Results({ mail, openKey, onOpen }: { mail: Mail; openKey: string | undefined; onOpen: (r: EmailRow) => void }) {
  const [state, change] = useExplorer();
  const { data: coverage } = useCoverage();
  // The store answers a few questions at a time. What is on screen first is asked first; the counts on the other tabs come after.
  const first = mail.total >= 0 && !mail.loading;
  const urls = useURLs(first || state.tab === "urls");
  const users = useFacet("RecipientEmailAddress", "top", 200, first || state.tab === "users" || state.view === "malware");
  const origin = useFacet(state.origin, "top", 200, first || state.tab === "origin");
  const families = useFacet("ThreatNames", "top", 200, first || state.tab === "families");
  const named = families.data?.values.some((v) => v.value === "") ? families.data.distinct - 1 : families.data?.distinct;
  const threats = state.view !== "all";
  const names: [Tab, string, number | undefined][] = [
    ["email", "Email", mail.total < 0 ? undefined : mail.total],
    ["urls", "URLs", urls.data?.distinct],
    ["users", threats ? "Top targeted users" : "Top recipients", users.data?.distinct],
    ["origin", "Email origin", origin.data?.distinct],
    ["families", state.view === "malware" ? "Top malware families" : "Malware families", named],
  ];
  if (state.view === "malware") names.unshift(names.pop()!);
  const foot = (tookMs: number | undefined) => <CoverageNote coverage={coverage} tookMs={tookMs} />;
  const panes: Record<Tab, ReactNode> = {
    email: <EmailTab mail={mail} openKey={openKey} onOpen={onOpen} />,
    urls: <URLsTab answer={urls} foot={foot(urls.data?.took_ms)} />,
    users: <UsersTab answer={users} foot={foot(users.data?.took_ms)} />,
    origin: <OriginTab answer={origin} field={state.origin} onField={(f) => change({ origin: f }, { replace: true })} foot={foot(origin.data?.took_ms)} />,
    families: <FamiliesTab answer={families} users={users} foot={foot(families.data?.took_ms)} />,
  };
  return (
    <section className={`${styles.results} card`} aria-label="Results">
      <div className={styles.tabbar}>
        <div role="tablist" aria-label="Results" className={styles.tabs}>
          {names.map(([tab, name, n]) => (
            <button key={tab} type="button" role="tab" id={`tab-${tab}`} aria-controls="results" aria-selected={tab === state.tab} tabIndex={tab === state.tab ? 0 : -1} onClick={() => change({ tab })} onKeyDown={arrows}>
              {name} {n !== undefined && <span className="num">{number(n)}</span>}
            </button>
          ))}
        </div>
        <span className={styles.push} />
        <LivePill />
        {state.tab === "email" && <Columns />}
      </div>
      <div role="tabpanel" id="results" aria-labelledby={`tab-${state.tab}`} className={styles.pane}>{panes[state.tab]}</div>
    </section>
  );
}

function Columns() {
  const [preferences, change] = usePreferences();
  return <ColumnChooser kept={preferences.explorer_columns} onChange={(explorer_columns) => change({ explorer_columns })} />;
}

/** New mail is announced, never pushed into what somebody reads. */
function LivePill() {
  const [paused, setPaused] = useState(false);
  const { fresh, live, connected } = useLive(paused);
  const { refresh } = useClock();
  const [said, setSaid] = useState(0);
  // Readers of the screen hear of it every ten seconds at most.
  useEffect(() => {
    const t = setTimeout(() => setSaid(fresh), 10_000);
    return () => clearTimeout(t);
  }, [fresh]);
  if (!live) return null;
  return (
    <span className={styles.live}>
      <span className="unseen" role="status">{said > 0 ? `${said} new email events` : ""}</span>
      {fresh > 0 && <button type="button" className={styles.pill} onClick={refresh}>{number(fresh)} new</button>}
      <Tooltip content={paused ? "Watch for new mail" : connected ? "Watching for new mail: pause" : "Connecting to watch for new mail"} relationship="description">
        <Button size="small" appearance="subtle" icon={paused ? <Play16Regular /> : <Pause16Regular />} onClick={() => setPaused(!paused)}>
          <span className={styles.livelabel}><i data-on={!paused && connected} />{paused ? "Paused" : "Live"}</span>
        </Button>
      </Tooltip>
    </span>
  );
}
