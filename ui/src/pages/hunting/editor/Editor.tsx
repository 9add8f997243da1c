import { acceptCompletion, closeCompletion, completionStatus, selectedCompletion } from "@codemirror/autocomplete";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { useContext, useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { basics, jump, put, useEditor, useMarks, type Mark } from "../../../components/editor/useEditor";
import { statementAt, statements } from "../statements";
import { colours } from "./colours";
import { explain, source, type Knows } from "./complete";
import { KustoContext } from "./kusto";

export interface EditorHandle {
  focus: () => void;
  selection: () => { from: number; to: number };
  /** Puts text in at the cursor. */
  insert: (text: string) => void;
  /** Replaces a part of the text; undone in one step. */
  replace: (from: number, to: number, text: string) => void;
  goTo: (pos: number) => void;
}

interface Props {
  ref: Ref<EditorHandle>;
  /** Another id, another text with a history of its own. */
  id: string;
  text: string;
  marks: readonly Mark[];
  knows: Omit<Knows, "kusto">;
  onText: (text: string) => void;
  onSelection: (s: { from: number; to: number }) => void;
  onRun: () => void;
}

/** The editor of queries: CodeMirror with colours, proposals and meanings from the language service. */
export function Editor({ ref, id, text, marks, knows, onText, onSelection, onRun }: Props) {
  const kusto = useContext(KustoContext);
  const latest = useRef({ knows, onText, onSelection, onRun });
  useEffect(() => {
    latest.current = { knows, onText, onSelection, onRun };
  });
  const states = useRef(new Map<string, EditorState>());
  const shown = useRef("");
  const made = useRef<(doc: string) => EditorState>(undefined);

  const { place, view } = useEditor(kusto, (parent, kusto) => {
    const all: Knows = { kusto, schema: () => latest.current.knows.schema(), samples: (t, c) => latest.current.knows.samples(t, c) };
    const extensions = [
      basics({
        label: "Query in KQL",
        attributes: { "data-pane": "editor" },
        keys: [
          { key: "Mod-Enter", run: () => (latest.current.onRun(), true) },
          { key: "Shift-Enter", run: () => (latest.current.onRun(), true) },
          // Without a list of proposals Tab goes on to the next control, as everywhere.
          { key: "Tab", run: take },
          { key: "Enter", run: takeUnlessTyped },
        ],
        complete: source(all),
        ownCompletionKeys: true,
        hover: (v, pos) => hover(v, pos, all),
        onChange: (t) => latest.current.onText(t),
      }),
      placeholder("EmailEvents\n| where …"), colours(kusto), chosen,
      EditorView.updateListener.of((u) => {
        if (u.docChanged || u.selectionSet) latest.current.onSelection(u.state.selection.main);
      }),
    ];
    made.current = (doc) => EditorState.create({ doc, extensions });
    states.current.clear();
    shown.current = "";
    return new EditorView({ state: made.current(""), parent });
  });

  // Another draft, or a text that was changed from outside.
  useEffect(() => {
    const v = view.current;
    if (!v || !made.current) return;
    if (shown.current !== id) {
      if (shown.current) states.current.set(shown.current, v.state);
      shown.current = id;
      const kept = states.current.get(id);
      v.setState(kept && kept.doc.toString() === text ? kept : made.current(text));
      latest.current.onSelection(v.state.selection.main);
    } else put(v, text);
  }, [view, id, text, kusto]);

  useMarks(view, marks, id, kusto);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    selection: () => view.current?.state.selection.main ?? { from: 0, to: 0 },
    insert: (t) => {
      const v = view.current;
      if (!v) return;
      v.dispatch(v.state.replaceSelection(t));
      v.focus();
    },
    replace: (from, to, insert) => {
      view.current?.dispatch({ changes: { from, to, insert } });
    },
    goTo: (pos) => jump(view.current, pos),
  }), [view]);

  return <div ref={place} style={{ height: "100%", minHeight: 0 }} />;
}

/** Tab takes what is proposed. A list that is in sight while its next state is on its way is waited for: Tab must not leave the editor then. */
function take(v: EditorView): boolean {
  if (acceptCompletion(v)) return true;
  if (completionStatus(v.state) === null || !v.dom.querySelector(".cm-tooltip-autocomplete")) return false;
  const doc = v.state.doc;
  const again = (left: number) => {
    if (left > 0 && v.state.doc === doc && completionStatus(v.state) !== null && !acceptCompletion(v)) setTimeout(again, 50, left - 1);
  };
  setTimeout(again, 50, 40);
  return true;
}

/** Enter takes what is proposed; but whoever typed a whole name wants a new line. */
function takeUnlessTyped(v: EditorView): boolean {
  const c = selectedCompletion(v.state);
  if (!c) return false;
  const head = v.state.selection.main.head;
  if (v.state.sliceDoc(Math.max(0, head - c.label.length), head) !== c.label) return acceptCompletion(v);
  closeCompletion(v);
  return false;
}

async function hover(v: EditorView, pos: number, knows: Knows) {
  const word = v.state.wordAt(pos);
  if (!word) return null;
  const text = v.state.doc.toString();
  const all = statements(text);
  const s = all[statementAt(all, pos)];
  if (!s || pos < s.from || pos > s.to) return null;
  const name = text.slice(word.from, word.to);
  const said = await knows.kusto.hover(s.text, pos - s.from).catch(() => ({ text: "" }));
  const kind = knows.schema()?.tables.some((t) => t.name === name) ? "Table" : /^\((?:aggregate )?function\)|^\w+\(/.test(said.text) ? "Function" : "Column";
  const dom = (await explain(name, kind, knows, s.text)) ?? plain(said.text);
  return dom && { pos: word.from, end: word.to, above: true, create: () => ({ dom }) };
}

function plain(text: string): HTMLElement | null {
  if (text === "") return null;
  const box = document.createElement("div");
  box.className = "k-info cm-tooltip-section";
  for (const [i, line] of text.split(/\n+/).entries()) {
    const e = document.createElement(i === 0 ? "b" : "p");
    e.textContent = line;
    box.append(e);
  }
  return box;
}

/** Of several queries, a line at the side marks the one that would run. */
const chosen = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(v: EditorView) {
    this.decorations = mark(v);
  }
  update(u: ViewUpdate) {
    if (u.docChanged || u.selectionSet || u.viewportChanged) this.decorations = mark(u.view);
  }
}, { decorations: (p) => p.decorations });

function mark(v: EditorView): DecorationSet {
  const all = statements(v.state.doc.toString());
  if (all.length < 2 || !v.state.selection.main.empty) return Decoration.none;
  const s = all[statementAt(all, v.state.selection.main.head)]!;
  const out = new RangeSetBuilder<Decoration>();
  for (let n = v.state.doc.lineAt(s.body).number; n <= v.state.doc.lineAt(s.to).number; n++) {
    const at = v.state.doc.line(n).from;
    out.add(at, at, Decoration.line({ class: "cm-chosen" }));
  }
  return out.finish();
}
