import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { readTrackers, trackerTabs, writeTrackers, type TrackersState } from "../../../address/trackers";
import { useAddress } from "../../../address/useAddress";
import { EmptyState } from "../../../components/EmptyState";
import { TabBar } from "../../../components/TabBar";
import { useMay } from "../../../session/queries";
import { Frame } from "../Frame";
import { NoteworthyPane } from "./NoteworthyPane";
import { EntryFlyout } from "./EntryFlyout";
import { SavedPane } from "./SavedPane";
import { TrackedFlyout } from "./TrackedFlyout";
import { TrackedPane } from "./TrackedPane";
import { TrendingPane } from "./TrendingPane";
import styles from "./Trackers.module.css";

export type Change = (c: Partial<TrackersState>, how?: { replace?: boolean }) => void;

const names = { noteworthy: "Noteworthy", trending: "Trending", tracked: "Tracked queries", saved: "Saved queries" } as const;
const tabs = trackerTabs.map((key) => ({ key, label: names[key] }));

/** What keeps an eye on what changes: questions worth asking, what is new here, queries on a schedule. */
export function TrackersPage() {
  const may = useMay("hunt.run");
  if (!may) {
    return (
      <EmptyState alone title="Trackers need the permission hunt.run" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader.">
        <Link to="/explorer">Open Explorer</Link>
      </EmptyState>
    );
  }
  return <Page />;
}

function Page() {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readTrackers(address), [address]);
  const change: Change = (c, how) => void navigate({ to: "/intelligence/trackers", search: { ...writeTrackers({ ...state, ...(c.open === undefined ? { open: "" } : {}), ...c }) }, replace: how?.replace ?? false });
  const close = () => change({ open: "" });
  const side = state.open === "" ? undefined : state.tab === "noteworthy" ? <EntryFlyout id={state.open} onClose={close} /> : state.tab === "tracked" ? <TrackedFlyout id={state.open} onClose={close} /> : undefined;
  return (
    <Frame part="/intelligence/trackers" side={side}>
      <div className={styles.tabs}><TabBar id="trackers" label="Kinds of trackers" tabs={tabs} value={state.tab} onChange={(tab) => change({ tab })} /></div>
      <div role="tabpanel" id="trackers-panel" aria-labelledby={`trackers-${state.tab}`} className={styles.panel}>
        {state.tab === "noteworthy" ? <NoteworthyPane open={state.open} change={change} /> : state.tab === "trending" ? <TrendingPane period={state.period} change={change} /> : state.tab === "tracked" ? <TrackedPane open={state.open} change={change} /> : <SavedPane change={change} />}
      </div>
    </Frame>
  );
}
