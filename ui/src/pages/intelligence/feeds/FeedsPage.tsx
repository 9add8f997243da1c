import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { readFeeds, writeFeeds, type FeedsState } from "../../../address/feeds";
import { useAddress } from "../../../address/useAddress";
import { EmptyState } from "../../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../../components/grid/ListGrid";
import { Add16Regular, ArrowSync16Regular, CheckmarkCircle16Regular, Circle16Regular, ErrorCircle16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { number } from "../../../time/zone";
import { Time } from "../../account/Time";
import { Frame } from "../Frame";
import { FeedFlyout } from "./FeedFlyout";
import styles from "./Feeds.module.css";
import { FeedWizard } from "./FeedWizard";
import { useFeeds, type Feed } from "./queries";
import { everyWords, kindName, kinds, standing } from "./words";

/** Where indicators and threats of others come from, and whether each still delivers. */
export function FeedsPage() {
  const may = useMay("intelligence.read");
  if (!may) return <EmptyState alone title="Feeds need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Page />;
}

function useFeedsAddress(): [FeedsState, (c: Partial<FeedsState>, replace?: boolean) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readFeeds(address), [address]);
  return [state, (c, replace = false) => void navigate({ to: "/intelligence/feeds", search: writeFeeds({ ...state, ...c }), replace })];
}

function Page() {
  const [state, change] = useFeedsAddress();
  const edit = useMay("feeds.edit");
  const feeds = useFeeds();
  const rows = feeds.data ?? [];
  const at = rows.findIndex((f) => f.id === state.feed);
  const near = (n: number) => (at >= 0 && rows[at + n] ? () => change({ feed: rows[at + n]!.id }, true) : undefined);
  const failing = rows.filter((f) => f.status === "failing").length;
  const add = <Button size="small" appearance="primary" icon={<Add16Regular />} disabledFocusable={!edit} title={edit ? undefined : "Needs the permission feeds.edit, which Security Administrators have"} onClick={() => edit && change({ setup: "new" })}>Add a feed</Button>;
  return (
    <Frame
      part="/intelligence/feeds"
      facts={feeds.data && (rows.length === 0 ? "No feed yet" : <><b>{number(rows.length)}</b> {rows.length === 1 ? "feed" : "feeds"}{failing > 0 && <>, <span className={styles.bad}>{number(failing)} {failing === 1 ? "fails" : "fail"}</span></>}</>)}
      actions={rows.length > 0 ? add : undefined}
      side={at >= 0 && (
        <FeedFlyout id={rows[at]!.id} position={`${number(at + 1)} of ${number(rows.length)}`} onPrev={near(-1)} onNext={near(1)} onClose={() => change({ feed: "" })} onChange={() => change({ setup: rows[at]!.id })} />
      )}
    >
      {feeds.error ? <div className={styles.note}><ProblemNote error={feeds.error} onRetry={() => void feeds.refetch()} /></div> : feeds.data && rows.length === 0 ? <None add={add} /> : (
        <section className={`card ${styles.listcard}`} aria-label="Feeds">
          <ListGrid label="Feeds" rows={rows} keyOf={(f) => f.id} columns={columns} total={feeds.data ? rows.length : -1} more={false} loading={feeds.isLoading} onMore={() => undefined} onOpen={(f) => change({ feed: f.id })} opened={state.feed || undefined} rowHeight={48} empty={<None add={add} />} foot={() => <span className="num"><b>{number(rows.length)}</b> {rows.length === 1 ? "feed" : "feeds"}, by name</span>} />
        </section>
      )}
      {state.setup !== "" && edit && (state.setup === "new" || rows.some((f) => f.id === state.setup)) && (
        <FeedWizard feed={rows.find((f) => f.id === state.setup)} onClose={(id) => change({ setup: "", ...(id && { feed: id }) }, true)} />
      )}
    </Frame>
  );
}

/** A mark with a word. */
export function Standing({ feed }: { feed: Feed }) {
  const { word, tone } = standing(feed);
  const icon = { good: <CheckmarkCircle16Regular aria-hidden />, bad: <ErrorCircle16Regular aria-hidden />, off: <Circle16Regular aria-hidden />, wait: <ArrowSync16Regular aria-hidden /> }[tone];
  return <span className={`${styles.standing} ${styles[tone]}`}>{icon}{word}</span>;
}

const columns: ListColumn<Feed>[] = [
  { key: "name", label: "Feed", min: 180, grow: 2, cell: (f) => <span className={styles.two}><b className="clip"><Untrusted text={f.name} /></b><small className="clip">{kindName(f.kind)}</small></span> },
  { key: "status", label: "Health", min: 130, grow: 1.4, cell: (f) => <span className={styles.two}><Standing feed={f} /><small className="clip">{f.problem !== "" ? <Untrusted text={f.problem} /> : everyWords(f.every_minutes)}</small></span> },
  { key: "last", label: "Last read", min: 150, grow: 0.8, from: 620, cell: (f) => (f.last ? <Time at={f.last} /> : <span className={styles.faded}>never</span>) },
  { key: "next", label: "Next", min: 150, grow: 0.8, from: 900, cell: (f) => (f.next ? <Time at={f.next} /> : <span className={styles.faded}>switched off</span>) },
  { key: "new", label: "Last brought something new", min: 150, grow: 0.8, from: 1080, cell: (f) => (f.delivered ? <Time at={f.delivered} /> : <span className={styles.faded}>never</span>) },
  { key: "items", label: "Indicators added", min: 110, grow: 0.5, from: 480, numeric: true, cell: (f) => <span className="num">{number(f.items)}</span> },
];

function None({ add }: { add: React.ReactNode }) {
  return (
    <div className={styles.none}>
      <EmptyState title="Nothing comes from others yet" why="A feed brings indicators that others know: addresses, domains, files, senders. Tocsin looks for them in every new message and in stored mail. Try one before it is switched on: you see what it holds and what it would have hit.">{add}</EmptyState>
      <ul className={styles.free} aria-label="Kinds of feeds">
        {kinds.map((k) => <li key={k.kind}><h3>{k.name}</h3><p>{k.what}</p><p className={styles.faded}>{k.free}</p></li>)}
      </ul>
    </div>
  );
}
