import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, completionStatus, selectedCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec, RangeSetBuilder } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { useContext, useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { statementAt, statements } from "../statements";
import { colours } from "./colours";
import { explain, source, type Knows } from "./complete";
import { KustoContext } from "./kusto";
import { look } from "./look";

export interface Mark { from: number; to: number; message: string }

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

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** The editor of queries: CodeMirror with colours, proposals and meanings from the language service. */
export function Editor({ ref, id, text, marks, knows, onText, onSelection, onRun }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const kusto = useContext(KustoContext);
  const latest = useRef({ knows, onText, onSelection, onRun });
  useEffect(() => {
    latest.current = { knows, onText, onSelection, onRun };
  });
  const states = useRef(new Map<string, EditorState>());
  const shown = useRef("");
  const made = useRef<(doc: string) => EditorState>(undefined);

  useEffect(() => {
    if (!place.current || !kusto) return;
    const all: Knows = { kusto, schema: () => latest.current.knows.schema(), samples: (t, c) => latest.current.knows.samples(t, c) };
    const extensions = [
      EditorView.cspNonce.of(nonce),
      Prec.highest(keymap.of([
        { key: "Mod-Enter", run: () => (latest.current.onRun(), true) },
        { key: "Shift-Enter", run: () => (latest.current.onRun(), true) },
        // Without a list of proposals Tab goes on to the next control, as everywhere.
        { key: "Tab", run: take },
        { key: "Enter", run: takeUnlessTyped },
      ])),
      lineNumbers(), history(), drawSelection(), highlightSpecialChars({ addSpecialChars: /[\u00ad\u034f\u061c\u115f\u1160\u180e\u200c\u200d\u2060-\u206f\u3164\uffa0\u{e0000}-\u{e007f}]/gu }), highlightActiveLine(), highlightActiveLineGutter(), bracketMatching(), closeBrackets(), EditorView.lineWrapping,
      autocompletion({ override: [source(all)], icons: false, defaultKeymap: false, interactionDelay: 0, activateOnTypingDelay: 80, maxRenderedOptions: 60, tooltipClass: () => "k-complete" }),
      hoverTooltip((v, pos) => hover(v, pos, all), { hoverTime: 350 }),
      keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
      placeholder("EmailEvents\n| where …"),
      EditorView.contentAttributes.of({ "aria-label": "Query in KQL", spellcheck: "false", autocorrect: "off", autocapitalize: "off", "data-pane": "editor" }),
      colours(kusto), chosen, typedOver, look,
      EditorView.updateListener.of((u) => {
        if (u.docChanged) latest.current.onText(u.state.doc.toString());
        if (u.docChanged || u.selectionSet) latest.current.onSelection(u.state.selection.main);
      }),
    ];
    made.current = (doc) => EditorState.create({ doc, extensions });
    const kept = states.current;
    kept.clear();
    const v = new EditorView({ state: made.current(""), parent: place.current });
    view.current = v;
    shown.current = "";
    return () => {
      v.destroy();
      view.current = undefined;
    };
  }, [kusto]);

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
    } else if (v.state.doc.toString() !== text) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: text } });
  }, [id, text, kusto]);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    const length = v.state.doc.length;
    v.dispatch(setDiagnostics(v.state, marks.filter((m) => m.from <= length).map((m) => ({ from: m.from, to: Math.min(m.to, length), severity: "error" as const, message: m.message }))));
  }, [marks, id, kusto]);

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
    goTo: (pos) => {
      const v = view.current;
      if (!v) return;
      v.dispatch({ selection: { anchor: Math.min(pos, v.state.doc.length) }, scrollIntoView: true });
      v.focus();
    },
  }), []);

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

/** Text that is typed over a selection: the browser would keep the look of what it replaces in a style attribute, which the policy stops. */
const typedOver = EditorView.domEventHandlers({
  beforeinput: (e, v) => {
    const { from, to } = v.state.selection.main;
    const text = e.data;
    if (e.inputType !== "insertText" || text === null || from === to || v.composing) return false;
    const insert = () => v.state.update(v.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    if (!v.state.facet(EditorView.inputHandler).some((f) => f(v, from, to, text, insert))) v.dispatch(insert());
    e.preventDefault();
    return true;
  },
});

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
