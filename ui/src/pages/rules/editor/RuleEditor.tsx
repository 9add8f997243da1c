import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineKeepIndent } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec, type Range } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { look } from "../../hunting/editor/look";
import { hoverCard, source } from "./complete";
import type { Language } from "./know";
import { colour, type Kind } from "./language";

export interface Mark { from: number; to: number; message: string; wrong: boolean }

export interface RuleEditorHandle {
  focus: () => void;
  goTo: (pos: number) => void;
}

interface Props {
  ref: Ref<RuleEditorHandle>;
  /** Give the editor a key: another rule is another text with a history of its own. */
  text: string;
  marks: readonly Mark[];
  language: Language | undefined;
  readOnly: boolean;
  onText: (text: string) => void;
  onTest: () => void;
  onSave: () => void;
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** The editor of rules: YAML with CEL inside, with colours, proposals and meanings. */
export function RuleEditor({ ref, text, marks, language, readOnly, onText, onTest, onSave }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ language, onText, onTest, onSave });
  useEffect(() => {
    latest.current = { language, onText, onTest, onSave };
  });
  const first = useRef(text);

  useEffect(() => {
    if (!place.current) return;
    const v = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          EditorView.cspNonce.of(nonce),
          Prec.highest(keymap.of([
            { key: "Mod-Enter", run: () => (latest.current.onTest(), true) },
            { key: "Mod-s", run: () => (latest.current.onSave(), true), preventDefault: true },
            // Without a list of proposals Tab goes on to the next control, as everywhere.
            { key: "Tab", run: (e) => completionStatus(e.state) === "active" && acceptCompletion(e) },
          ])),
          keymap.of([{ key: "Enter", run: insertNewlineKeepIndent }]),
          lineNumbers(), history(), drawSelection(), indentUnit.of("  "), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightActiveLineGutter(), EditorView.lineWrapping,
          highlightSpecialChars({ addSpecialChars: /[\u00ad\u034f\u061c\u115f\u1160\u180e\u200c\u200d\u2060-\u206f\u3164\uffa0\u{e0000}-\u{e007f}]/gu }),
          autocompletion({ override: [source(() => latest.current.language)], icons: false, activateOnTypingDelay: 80, interactionDelay: 0, maxRenderedOptions: 80, tooltipClass: () => "k-complete" }),
          hoverTooltip((e, pos) => {
            const word = e.state.wordAt(pos);
            const l = latest.current.language;
            const dom = word && l && hoverCard(e.state.doc.toString(), word.from, word.to, l);
            return dom ? { pos: word.from, end: word.to, above: true, create: () => ({ dom }) } : null;
          }, { hoverTime: 350 }),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": "Text of the rule", tabindex: "0", spellcheck: "false", autocorrect: "off", autocapitalize: "off" }),
          EditorState.readOnly.of(readOnly),
          painted, typedOver, look,
          EditorView.updateListener.of((u) => {
            if (u.docChanged) latest.current.onText(u.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = v;
    return () => {
      v.destroy();
      view.current = undefined;
    };
  }, [readOnly]);

  // A text that was changed from outside.
  useEffect(() => {
    const v = view.current;
    if (v && v.state.doc.toString() !== text) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    const length = v.state.doc.length;
    v.dispatch(setDiagnostics(v.state, marks.filter((m) => m.from <= length).map((m) => ({ from: m.from, to: Math.min(m.to, length), severity: m.wrong ? "error" as const : "warning" as const, message: m.message }))));
  }, [marks, readOnly]);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    goTo: (pos) => {
      const v = view.current;
      if (!v) return;
      v.dispatch({ selection: { anchor: Math.min(pos, v.state.doc.length) }, scrollIntoView: true });
      v.focus();
    },
  }), []);

  return <div ref={place} style={{ height: "100%", minHeight: 0 }} />;
}

const classes: Record<Kind, string> = { key: "k-table", string: "k-string", number: "k-number", word: "k-word", function: "k-function", name: "k-own", comment: "k-comment", quiet: "k-quiet", plain: "" };

function paint(v: EditorView): DecorationSet {
  if (v.state.doc.length > 262_144) return Decoration.none;
  const out: Range<Decoration>[] = [];
  for (const s of colour(v.state.doc.toString())) if (classes[s.kind]) out.push(Decoration.mark({ class: classes[s.kind] }).range(s.from, s.to));
  return Decoration.set(out, true);
}

const painted = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(v: EditorView) {
    this.decorations = paint(v);
  }
  update(u: ViewUpdate) {
    if (u.docChanged) this.decorations = paint(u.view);
  }
}, { decorations: (p) => p.decorations });

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
