import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { ChevronDown16Regular, ChevronRight16Regular, Delete16Regular, Edit16Regular, People16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { forClipboard } from "../../../text/find";
import { revealed } from "../../../text/reveal";
import { number } from "../../../time/zone";
import { useLibrary, useRemove, useSaved } from "../queries";
import type { HuntLibraryQuery, HuntSaved } from "../shapes";
import styles from "./Side.module.css";

interface Props {
  find: string;
  /** Id of the saved query that is open. */
  here: string;
  onSaved: (q: HuntSaved) => void;
  onEdit: (q: HuntSaved) => void;
  onLibrary: (q: HuntLibraryQuery) => void;
}

/** Queries to start from: one's own, those of colleagues, and those that come with Tocsin. */
export function QueriesPane({ find, here, onSaved, onEdit, onLibrary }: Props) {
  const saved = useSaved();
  const library = useLibrary(true);
  const manage = useMay("hunt.manage");
  const [removing, setRemoving] = useState<HuntSaved>();
  const wanted = find.trim().toLowerCase();
  const matches = (...texts: string[]) => wanted === "" || texts.some((t) => t.toLowerCase().includes(wanted));
  const kept = (saved.data ?? []).filter((q) => matches(q.name, q.description, q.folder, q.query));
  const mine = kept.filter((q) => q.own), theirs = kept.filter((q) => !q.own);
  const shipped = (library.data ?? []).filter((q) => matches(q.name, q.description, q.folder, q.query));
  const entry = (q: HuntSaved) => (
    <li key={q.id} className={`${styles.row} ${styles.entry} ${q.id === here ? styles.here : ""}`}>
      <button type="button" className={styles.main} onClick={() => onSaved(q)} title={forClipboard(q.description) || undefined}>
        <span className="clip"><Untrusted text={q.name} /></span>
        <span className={`${styles.sub} clip`}>{q.own ? (q.shared ? "Shared" : "Only you") : <>by {q.owner}</>}{q.description && <> · <Untrusted text={forClipboard(q.description)} /></>}</span>
      </button>
      {(q.own || manage) && (
        <>
          <button type="button" className={styles.act} aria-label={`Change ${revealed(q.name)}`} onClick={() => onEdit(q)}><Edit16Regular aria-hidden /></button>
          <button type="button" className={styles.act} aria-label={`Remove ${revealed(q.name)}`} onClick={() => setRemoving(q)}><Delete16Regular aria-hidden /></button>
        </>
      )}
    </li>
  );
  return (
    <>
      <Group label="Mine" count={mine.length}>
        {saved.error ? <ProblemNote error={saved.error} onRetry={() => void saved.refetch()} /> : !saved.data ? <Wait /> : mine.length === 0 ? <p className={styles.note}>{wanted ? "None of yours matches." : "Save a query and it stands here."}</p> : <Folders list={mine} entry={entry} />}
      </Group>
      <Group label="Shared by others" count={theirs.length} icon={<People16Regular aria-hidden />}>
        {saved.data && theirs.length === 0 ? <p className={styles.note}>{wanted ? "None of theirs matches." : "Nobody has shared a query with you yet."}</p> : <Folders list={theirs} entry={entry} />}
      </Group>
      {library.error ? <ProblemNote error={library.error} onRetry={() => void library.refetch()} /> : !library.data ? <Wait /> : (
        [...new Set(shipped.map((q) => q.folder))].map((folder, i) => {
          const list = shipped.filter((q) => q.folder === folder);
          return (
            <Group key={folder} label={folder} count={list.length} closed={wanted === "" && i > 0}>
              <ul>
                {list.map((q) => (
                  <li key={q.name} className={`${styles.row} ${styles.entry}`}>
                    <button type="button" className={styles.main} onClick={() => onLibrary(q)} title={q.description}>
                      <span>{q.name}</span>
                      <span className={`${styles.sub} ${styles.two}`}>{q.technique ? `${q.technique} · ` : ""}{q.description}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </Group>
          );
        })
      )}
      {removing && <RemoveDialog query={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}

function Folders({ list, entry }: { list: readonly HuntSaved[]; entry: (q: HuntSaved) => ReactNode }) {
  const folders = [...new Set(list.map((q) => q.folder))].sort();
  return folders.map((f) => (
    <div key={f}>
      {f !== "" && <p className={styles.note}><Untrusted text={f} /></p>}
      <ul>{list.filter((q) => q.folder === f).map(entry)}</ul>
    </div>
  ));
}

function Group({ label, count, icon, closed, children }: { label: string; count: number; icon?: ReactNode; closed?: boolean; children: ReactNode }) {
  const [open, setOpen] = useState<boolean>();
  const isOpen = open ?? !closed;
  return (
    <section>
      <button type="button" className={styles.group} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />}
        <span>{label}</span>
        {icon}
        <small className="num">{number(count)}</small>
      </button>
      {isOpen && children}
    </section>
  );
}

function Wait() {
  return <Skeleton className={styles.wait} aria-label="Reading queries">{[0, 1, 2].map((i) => <SkeletonItem key={i} size={16} />)}</Skeleton>;
}

function RemoveDialog({ query, onClose }: { query: HuntSaved; onClose: () => void }) {
  const remove = useRemove();
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Remove “<Untrusted text={query.name} />”?</DialogTitle>
          <DialogContent>
            {query.shared ? "It is gone for everybody who uses it, too." : "It is gone from your list."} What it found is not touched, and text that is open stays open.
            {remove.error ? <ProblemNote error={remove.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Keep it</Button>
            <Button appearance="primary" disabled={remove.isPending} onClick={() => remove.mutate(query, { onSuccess: onClose })}>Remove</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
