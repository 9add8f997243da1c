import { Button, Tooltip } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useTimeRange } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { PanelLeft20Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { Answer } from "./Answer";
import { DraftTabs } from "./DraftTabs";
import { Editor, type EditorHandle } from "./editor/Editor";
import { KustoContext } from "./editor/kusto";
import { useKusto } from "./editor/useKusto";
import { EditorState } from "./EditorState";
import { HeadActions, RunButton } from "./HeadActions";
import styles from "./Hunting.module.css";
import { samples, useSaved, useSchema } from "./queries";
import { SaveDialog } from "./SaveDialog";
import { pieceOf } from "./session";
import type { HuntSaved } from "./shapes";
import { SidePane } from "./side/SidePane";
import { named } from "./statements";
import { useAdopt } from "./useAdopt";
import { useCheck } from "./useCheck";
import { useEditorHeight } from "./useEditorHeight";
import { useHuntingAddress, useHuntSession } from "./useHunting";
import { useOpenRow } from "./useOpenRow";
import { usePanes } from "./usePanes";
import { useRoom } from "./useRoom";
import { useRuns } from "./useRuns";

/** Hunting: a query in KQL, its rows, and what can be seen in them. */
export function HuntingPage() {
  const may = useMay("hunt.run");
  if (!may) return <EmptyState alone title="Hunting needs the permission hunt.run" why="Your roles do not give it: queries can read everything that is kept of all mail. An administrator can give you a role that has it, such as Security Reader." />;
  return <WithService />;
}

function WithService() {
  const kusto = useKusto();
  return <KustoContext.Provider value={kusto}><Hunting /></KustoContext.Provider>;
}

interface Saving { query: string; of: HuntSaved | undefined; name: string; draft: string | undefined }

function Hunting() {
  const [address, change] = useHuntingAddress();
  const [session, state] = useHuntSession();
  const { range, from, to, setRange } = useTimeRange();
  const { data: schema } = useSchema();
  const client = useQueryClient();
  const editor = useRef<EditorHandle>(null);
  const page = useRef<HTMLDivElement>(null);
  const narrow = useRoom(page) < 900;
  const [sideOpen, setSideOpen] = useState(false);
  const [selection, setSelection] = useState({ from: 0, to: 0 });
  const [saving, setSaving] = useState<Saving>();
  const [height, split] = useEditorHeight();
  usePanes(page);

  const draft = state.drafts.find((d) => d.id === state.active) ?? state.drafts[0]!;
  const run = state.runs[draft.id];
  const piece = useMemo(() => pieceOf(draft.text, selection), [draft.text, selection]);
  const { defect, checked } = useCheck(draft.text, selection.from);
  const marks = useMemo(() => (defect ? [defect] : []), [defect]);
  const knows = useMemo(() => ({ schema: () => schema, samples: (t: string, c: string) => samples(client, t, c) }), [schema, client]);
  const { start, here } = useRuns(session, editor);
  const row = useOpenRow(run, address, change, here);
  const missing = useAdopt({ address, change, session, draft, run: run?.text === draft.text ? run.number : 0, start });

  const runNow = () => {
    row.close();
    start(session.draft, editor.current?.selection() ?? selection);
  };
  const latestRun = useRef(runNow);
  useEffect(() => {
    latestRun.current = runNow;
  });
  useEffect(() => {
    // On a page that was just opened the focus is nowhere, and its keys come from no part of it.
    const down = (e: globalThis.KeyboardEvent) => {
      if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target === document.body) latestRun.current();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
  const open = (text: string, name?: string, of?: HuntSaved) => {
    session.open({ text, ...(name === undefined ? {} : { name }), saved: of });
    setSideOpen(false);
    setTimeout(() => editor.current?.focus(), 0);
  };
  const insert = (name: string) => {
    setSideOpen(false);
    editor.current?.insert(named(name));
  };
  const keys = (e: KeyboardEvent<HTMLDivElement>) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.defaultPrevented) {
      e.preventDefault();
      runNow();
    } else if (e.key === "Escape" && sideOpen) setSideOpen(false);
  };
  const side = (
    <SidePane
      side={address.side}
      onSide={(s) => change({ side: s })}
      here={draft.saved?.id ?? ""}
      onInsert={insert}
      onSaved={(q) => open(q.query, q.name, q)}
      onEdit={(q) => setSaving({ query: q.query, of: q, name: q.name, draft: undefined })}
      onLibrary={(q) => open(q.query, q.name)}
      onPast={(q) => open(q)}
      onClose={narrow ? () => setSideOpen(false) : undefined}
      className={narrow ? styles.over : ""}
    />
  );
  return (
    <div ref={page} className={styles.page} onKeyDown={keys}>
      {narrow ? sideOpen && <><button type="button" className={styles.veil} aria-label="Close schema and queries" tabIndex={-1} onClick={() => setSideOpen(false)} />{side}</> : side}
      <div className={styles.main}>
        <header className={styles.head}>
          {narrow && <Tooltip content="Schema and queries" relationship="label"><Button appearance="subtle" icon={<PanelLeft20Regular />} aria-expanded={sideOpen} onClick={() => setSideOpen(!sideOpen)} /></Tooltip>}
          <h1>Hunting</h1>
          <DraftTabs session={session} state={state} />
          <span className={styles.push} />
          <HeadActions draft={draft} onSave={setSaving} />
          <RunButton run={run} piece={piece} onRun={runNow} onStop={() => session.stop(draft.id)} />
        </header>
        <section className={styles.editor} style={{ height }} aria-label="Query">
          <div className={styles.text}>
            <Editor ref={editor} id={draft.id} text={draft.text} marks={marks} knows={knows} onText={(text) => session.write(session.draft.id, { text })} onSelection={(s) => setSelection({ from: s.from, to: s.to })} onRun={runNow} />
          </div>
          <EditorState query={piece?.query ?? ""} defect={defect} checked={checked} range={range} from={from} to={to} onGoTo={(pos) => editor.current?.goTo(pos)} onWiden={(last) => setRange({ last })} />
        </section>
        {split}
        <div className={styles.below}>
          <Answer
            draft={draft}
            run={run}
            pinned={state.pinned}
            missing={missing}
            session={session}
            address={address}
            change={change}
            row={row}
            here={here}
            onRun={runNow}
            onGoTo={(pos) => editor.current?.goTo(pos)}
            onExample={(q) => open(q)}
            onLibrary={() => {
              change({ side: "queries" });
              setSideOpen(true);
            }}
          />
        </div>
      </div>
      {row.flyout}
      {saving && <Save saving={saving} onClose={() => setSaving(undefined)} onSaved={(q) => {
        const to = saving.draft ?? state.drafts.find((d) => d.saved?.id === q.id)?.id;
        if (to) session.write(to, { name: q.name, saved: q });
        setSaving(undefined);
      }} />}
    </div>
  );
}

function Save({ saving, onClose, onSaved }: { saving: Saving; onClose: () => void; onSaved: (q: HuntSaved) => void }) {
  const { data: saved } = useSaved();
  const folders = [...new Set((saved ?? []).map((q) => q.folder))].filter((f) => f !== "").sort();
  return <SaveDialog {...saving} folders={folders} onClose={onClose} onSaved={onSaved} />;
}
