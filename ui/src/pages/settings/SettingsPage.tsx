import type { ReactNode } from "react";
import type { SettingsTab } from "../../address/settings";
import { useSettingsAddress } from "../../address/useSettingsAddress";
import { EmptyState } from "../../components/EmptyState";
import { TabBar, type Tab } from "../../components/TabBar";
import { useOperator } from "../../session/queries";
import base from "../policy/Policy.module.css";
import { DirectoryPane } from "./DirectoryPane";
import { EnginesPane } from "./EnginesPane";
import { LearningPane } from "./LearningPane";
import { OperatorsPane } from "../operators/OperatorsPane";
import { PersonFlyout } from "./PersonFlyout";
import styles from "./Settings.module.css";
import { SourcesPane } from "./SourcesPane";

const tabs: readonly Tab<SettingsTab>[] = [{ key: "engines", label: "Engines" }, { key: "learning", label: "Own model" }, { key: "directory", label: "People" }, { key: "sources", label: "Sources of mail" }, { key: "operators", label: "Operators" }];
const needs: Record<SettingsTab, string> = { engines: "policy.read", learning: "email.read", directory: "directory.read", sources: "email.read", operators: "operators.manage" };
const panes: Record<SettingsTab, () => ReactNode> = { engines: () => <EnginesPane />, learning: () => <LearningPane />, directory: () => <DirectoryPane />, sources: () => <SourcesPane />, operators: () => <OperatorsPane /> };

/** What the judging stands on: engines that are asked, the model that learns from one's own people, who these people are, and where mail comes from. */
export function SettingsPage() {
  const [{ tab, person }, change] = useSettingsAddress();
  const { permissions } = useOperator();
  const may = permissions.includes(needs[tab]);
  return (
    <div className={styles.outer}>
      <div className={base.page}>
        <header className={base.head}><h1>Settings</h1></header>
        <TabBar id="settings" label="Parts of the settings" tabs={tabs} value={tab} onChange={(t) => change({ tab: t })} />
        <div role="tabpanel" id="settings-panel" aria-labelledby={`settings-${tab}`} className={`${base.pane} ${tab === "directory" && may ? base.full : ""}`}>
          {may ? panes[tab]() : <EmptyState small title="You may not see this" why={`It needs the permission ${needs[tab]}. An administrator can give you a role that has it, such as ${tab === "operators" ? "Global Administrator" : "Security Reader"}.`} />}
        </div>
      </div>
      {tab === "directory" && person !== "" && may && <PersonFlyout address={person} />}
    </div>
  );
}
