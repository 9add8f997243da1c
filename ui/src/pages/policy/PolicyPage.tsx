import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import type { PolicyTab } from "../../address/policy";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import { EmptyState } from "../../components/EmptyState";
import { TabBar, type Tab } from "../../components/TabBar";
import { useMay } from "../../session/queries";
import { DecisionsPane } from "./DecisionsPane";
import { EntriesPane } from "./EntriesPane";
import { JudgingPane } from "./JudgingPane";
import { MailboxesPane } from "./MailboxesPane";
import styles from "./Policy.module.css";
import { usePolicy } from "./queries";

/** What is done with judged mail and what decides it: the policy, the allow and block list, settings of mailboxes, and judging again. */
export function PolicyPage() {
  const may = useMay("policy.read");
  if (!may) {
    return (
      <div className={styles.page}>
        <EmptyState small alone title="You may not see the policy" why="It needs the permission policy.read, which every security role has. An administrator can give you one.">
          <Link to="/explorer">Open Explorer</Link>
        </EmptyState>
      </div>
    );
  }
  return <Page />;
}

function Page() {
  const [{ tab }, change] = usePolicyAddress();
  const { data } = usePolicy();
  const tabs: Tab<PolicyTab>[] = [
    { key: "decisions", label: "What is done" },
    { key: "list", label: "Allow and block", count: data?.entries },
    { key: "mailboxes", label: "Mailboxes", count: data?.mailboxes },
    { key: "judging", label: "Judging again" },
  ];
  const panes: Record<PolicyTab, () => ReactNode> = { decisions: () => <DecisionsPane />, list: () => <EntriesPane />, mailboxes: () => <MailboxesPane />, judging: () => <JudgingPane /> };
  return (
    <div className={styles.page}>
      <header className={styles.head}><h1>Policy</h1></header>
      <TabBar id="policy" label="Parts of the policy" tabs={tabs} value={tab} onChange={(t) => change({ tab: t })} />
      {/* Its own height where a list fills the page; as long as it is otherwise. */}
      <div role="tabpanel" id="policy-panel" aria-labelledby={`policy-${tab}`} className={`${styles.pane} ${tab === "list" || tab === "mailboxes" ? styles.full : ""}`}>{panes[tab]()}</div>
    </div>
  );
}
