import { acceptCompletion, completionStatus } from "@codemirror/autocomplete";
import { insertNewlineKeepIndent } from "@codemirror/commands";
import { indentUnit } from "@codemirror/language";
import { EditorState, type Range } from "@codemirror/state";
import { Decoration, EditorView, keymap, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { basics, jump, put, useEditor, useMarks, type Mark } from "../../../components/editor/useEditor";
import { hoverCard, source } from "./complete";
import type { Language } from "./know";
import { colour, type Kind } from "./language";

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

/** The editor of rules: YAML with CEL inside, with colours, proposals and meanings. */
export function RuleEditor({ ref, text, marks, language, readOnly, onText, onTest, onSave }: Props) {
  const latest = useRef({ language, onText, onTest, onSave });
  useEffect(() => {
    latest.current = { language, onText, onTest, onSave };
  });
  const first = useRef(text);

  const { place, view } = useEditor(readOnly ? "read" : "write", (parent, mode) => new EditorView({
    parent,
    state: EditorState.create({
      doc: first.current,
      extensions: [
        keymap.of([{ key: "Enter", run: insertNewlineKeepIndent }]),
        basics({
          label: "Text of the rule",
          attributes: { tabindex: "0" },
          keys: [
            { key: "Mod-Enter", run: () => (latest.current.onTest(), true) },
            { key: "Mod-s", run: () => (latest.current.onSave(), true), preventDefault: true },
            // Without a list of proposals Tab goes on to the next control, as everywhere.
            { key: "Tab", run: (e) => completionStatus(e.state) === "active" && acceptCompletion(e) },
          ],
          complete: source(() => latest.current.language),
          hover: (e, pos) => {
            const word = e.state.wordAt(pos);
            const l = latest.current.language;
            const dom = word && l && hoverCard(e.state.doc.toString(), word.from, word.to, l);
            return dom ? { pos: word.from, end: word.to, above: true, create: () => ({ dom }) } : null;
          },
          onChange: (t) => latest.current.onText(t),
        }),
        indentUnit.of("  "), EditorState.readOnly.of(mode === "read"), painted,
      ],
    }),
  }));

  // A text that was changed from outside.
  useEffect(() => {
    if (view.current) put(view.current, text);
  }, [view, text]);
  useMarks(view, marks, readOnly);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    goTo: (pos) => jump(view.current, pos),
  }), [view]);

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
