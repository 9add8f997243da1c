import { Button, ProgressBar } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { readHunt } from "../../../address/indicators";
import { useAddress } from "../../../address/useAddress";
import { EmptyState } from "../../../components/EmptyState";
import { steps } from "../../../components/Flyout";
import type { ListColumn } from "../../../components/grid/ListGrid";
import { Search16Regular } from "../../../components/icons";
import { ListFrame } from "../../../components/ListFrame";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { useZone } from "../../../time/Clock";
import { both, clock, day, number } from "../../../time/zone";
import { Frame } from "../Frame";
import styles from "../indicators/Indicators.module.css";
import { useHunts, type Hunt } from "../indicators/queries";
import { HuntFlyout } from "./HuntFlyout";
import { StartDialog } from "./StartDialog";
import { huntWords, reach } from "./words";

/** Searches for indicators in stored mail: what is under way, and what was found. */
export function HuntsPage() {
  const may = useMay("intelligence.read");
  if (!may) return <EmptyState alone title="Retro-hunts need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Page />;
}

function Page() {
  const address = useAddress();
  const navigate = useNavigate();
  const open = readHunt(address);
  const show = (hunt: string) => void navigate({ to: "/intelligence/retro-hunts", search: ((old: Record<string, unknown>) => ({ ...old, hunt: hunt || undefined })) as never, replace: true });
  const edit = useMay("intelligence.edit");
  const [starting, setStarting] = useState(false);
  const list = useHunts();
  const rows = list.data?.pages.flatMap((p) => p.hunts) ?? [];
  const at = rows.findIndex((r) => r.id === open);
  const columns = useColumns();
  return (
    <Frame
      part="/intelligence/retro-hunts"
      facts={list.data && `${number(rows.length)}${list.hasNextPage ? "+" : ""} ${rows.length === 1 ? "search" : "searches"}`}
      actions={<Button appearance="primary" icon={<Search16Regular />} disabledFocusable={!edit} title={edit ? undefined : "Needs the permission intelligence.edit, which your roles do not give"} onClick={() => edit && setStarting(true)}>Search stored mail</Button>}
      side={open !== "" && <HuntFlyout id={open} {...steps(rows, at, list.hasNextPage, (r) => show(r.id))} onClose={() => show("")} />}
    >
      <ListFrame
        label="Retro-hunts"
        list={list}
        rows={rows}
        keyOf={(r) => r.id}
        columns={columns}
        onOpen={(r) => show(r.id)}
        opened={open}
        order="newest first"
        empty={<EmptyState small title="Stored mail was not searched yet" why={<>It happens by itself when indicators change, for the mail of the last days. To look further back, start a search here, or from an <Link to="/intelligence/indicators">indicator</Link>.</>}>{edit && <Button appearance="primary" onClick={() => setStarting(true)}>Search stored mail</Button>}</EmptyState>}
      />
      {starting && <StartDialog onClose={() => setStarting(false)} onStarted={(h) => { setStarting(false); show(h.id); }} />}
    </Frame>
  );
}

function useColumns(): ListColumn<Hunt>[] {
  const zone = useZone();
  return [
    { key: "time", label: "Started", min: 116, grow: 0, cell: (h) => <time className="num" dateTime={h.created} title={both(new Date(h.created))}>{day(new Date(h.created), zone)}, {clock(new Date(h.created), zone)}</time> },
    { key: "names", label: "Looks for", min: 180, grow: 2, cell: (h) => <span className="clip"><Untrusted text={h.names} /></span> },
    { key: "reach", label: "In the mail of", min: 110, grow: 0, from: 720, cell: (h) => reach(h) },
    { key: "state", label: "State", min: 150, grow: 0.6, cell: (h) => (h.state === "running" ? <span className={styles.bar}><ProgressBar value={h.progress} max={1} aria-label="Progress" />{Math.floor(100 * h.progress)} %</span> : huntWords[h.state]) },
    { key: "hits", label: "Seen", min: 70, grow: 0, numeric: true, cell: (h) => number(h.counts.hits) },
    { key: "messages", label: "Messages", min: 84, grow: 0, numeric: true, cell: (h) => `${h.counts.more ? "≥ " : ""}${number(h.counts.messages)}` },
    { key: "people", label: "People", min: 70, grow: 0, numeric: true, from: 560, cell: (h) => number(h.counts.people) },
    { key: "by", label: "By", min: 120, grow: 0.8, from: 900, cell: (h) => <span className="clip">{h.automatic ? "By itself" : h.by}</span> },
  ];
}
