import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useSettingsAddress } from "../../address/useSettingsAddress";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { ArrowSync16Regular, Star12Filled, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { SearchBox } from "../policy/EntriesPane";
import base from "../policy/Policy.module.css";
import { usePeople, useSources, useSync, type Person } from "./queries";
import styles from "./Settings.module.css";

/** The people of the organisation, as all sources together tell, and how it stands with the sources. */
export function DirectoryPane() {
  const [{ search, priority, person }, change] = useSettingsAddress();
  const people = usePeople(search, priority);
  const rows = people.data?.pages.flatMap((p) => p.people) ?? [];
  const total = people.data?.pages[0]?.total ?? -1;
  const clear = <Button onClick={() => change({ search: "", priority: false }, { replace: true })}>Show everybody</Button>;
  return (
    <div className={`${base.columns} ${styles.directory}`}>
      <section className={`card ${base.listcard}`} aria-label="People of the organisation">
        <div className={base.tools}>
          <SearchBox label="Search people" value={search} placeholder="Name, address, title or group" onChange={(s) => change({ search: s }, { replace: true })} />
          <Segments label="Which people" options={[["all", "Everybody"], ["priority", "Priority accounts"]] as const} value={priority ? "priority" : "all"} onChange={(v) => change({ priority: v === "priority" }, { replace: true })} />
        </div>
        {people.error ? <ProblemNote error={people.error} onRetry={() => void people.refetch()} /> : (
          <ListGrid
            label="People"
            rows={rows}
            keyOf={(p) => p.address}
            columns={columns}
            total={total}
            more={people.hasNextPage}
            loading={people.isLoading || people.isFetchingNextPage}
            onMore={() => void people.fetchNextPage()}
            onOpen={(p) => change({ person: p.address })}
            opened={person || undefined}
            rowHeight={48}
            empty={search !== "" ? <EmptyState small title="Nobody fits" why="No name, address, title, department or group holds all of these words.">{clear}</EmptyState> : priority ? (
              <EmptyState small title="No priority accounts" why="Mail to a priority account can be treated more strictly, and Explorer marks it with a star. Open a person to mark one.">{clear}</EmptyState>
            ) : (
              <EmptyState small title="Nobody is known yet" why="Tocsin watches the names of your people. Name the few that matter most under organisation.people in the settings file, take a CSV file in, or connect an LDAP server.">
                <code className="mono">tocsin directory import people.csv</code>
              </EmptyState>
            )}
            foot={(first, last) => <span className="num">{number(first)}–{number(last)} of <b>{number(total)}</b>, by address</span>}
          />
        )}
      </section>
      <SourcesCard />
    </div>
  );
}

const columns: ListColumn<Person>[] = [
  { key: "name", label: "Name", min: 180, grow: 2, cell: (p) => <span className={base.two}><b className="clip">{p.priority && <><Star12Filled className={styles.star} aria-hidden /><span className="unseen">Priority account </span> </>}<Untrusted text={p.name || p.address} /></b><small className="clip"><Untrusted text={p.address} /></small></span> },
  { key: "title", label: "Title", min: 120, grow: 1, from: 480, cell: (p) => <span className={base.two}><span className="clip">{p.title || p.department ? <Untrusted text={p.title || p.department} /> : <span className={base.faded}>none</span>}</span>{p.title && p.department && <small className="clip"><Untrusted text={p.department} /></small>}</span> },
  { key: "groups", label: "Groups", min: 120, grow: 1, from: 640, cell: (p) => (p.groups.length > 0 ? <span className="clip"><Untrusted text={p.groups.join(", ")} /></span> : <span className={base.faded}>none</span>) },
  { key: "from", label: "From", min: 110, grow: 0.7, from: 760, cell: (p) => <span className="clip"><Untrusted text={p.sources.join(", ")} /></span> },
];

/** Where people come from, and whether what is used is fresh. */
function SourcesCard() {
  const sources = useSources();
  const may = useMay("directory.manage");
  const sync = useSync();
  const zone = useZone();
  const time = (t: string) => <time className="num" dateTime={t} title={both(new Date(t))}>{full(new Date(t), zone)}</time>;
  const all = sources.data ?? [];
  return (
    <section className={`card ${base.block}`} aria-labelledby="directory-sources">
      <div className={base.title}><h2 id="directory-sources">Where they come from</h2></div>
      {sources.error ? <ProblemNote error={sources.error} onRetry={() => void sources.refetch()} /> : !sources.data ? <Skeleton aria-label="Reading the sources"><SkeletonItem size={20} /></Skeleton> : (
        <>
          {all.length === 0 ? <p className={base.lead}>No source yet: neither <span className="mono">organisation.people</span> nor <span className="mono">directory.files</span> nor <span className="mono">directory.ldap</span> is set, and no CSV file was taken in.</p> : (
            <ul className={styles.sources}>
              {all.map((s) => (
                <li key={s.source}>
                  <b><Untrusted text={s.source} /></b><span className="num">{number(s.people)}</span>
                  {s.problem !== "" && <p className={styles.wrong}><Warning16Regular aria-hidden /> <Untrusted text={s.problem} />{s.at && ". The copy from before is used."}</p>}
                  {s.at ? <p>Copy of {time(s.at)}{s.tried && s.tried !== s.at && <>, last asked {time(s.tried)}</>}</p> : s.source === "settings" ? <p>From the settings file</p> : null}
                </li>
              ))}
            </ul>
          )}
          {all.some((s) => s.syncable) && <Button size="small" icon={<ArrowSync16Regular />} disabledFocusable={!may || sync.isPending} title={may ? undefined : "Needs the permission directory.manage, which your roles do not give"} onClick={() => may && sync.mutate()}>{sync.isPending ? "Asking" : "Ask them now"}</Button>}
          {sync.error ? <ProblemNote error={sync.error} /> : null}
        </>
      )}
    </section>
  );
}
