import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, type HoverTooltipSource, type KeyBinding } from "@codemirror/view";
import { useEffect, useRef, type RefObject } from "react";
import { look } from "./look";

/** A place in the text and what is to be said about it. */
export interface Mark { from: number; to: number; message: string; wrong?: boolean }

interface Setup {
  /** What the text is called, and further attributes of it. */
  label: string;
  attributes?: Record<string, string>;
  /** Keys that come before all others. */
  keys: readonly KeyBinding[];
  complete: CompletionSource;
  /** Keys of the list of proposals are among keys. */
  ownCompletionKeys?: boolean;
  hover: HoverTooltipSource;
  onChange: (text: string) => void;
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** Characters that are not seen and could make a text read otherwise than it runs. */
const unseen = /[\u00ad\u034f\u061c\u115f\u1160\u180e\u200c\u200d\u2060-\u206f\u3164\uffa0\u{e0000}-\u{e007f}]/gu;

/** What every editor here is made of; the language brings its colours. */
export function basics({ label, attributes, keys, complete, ownCompletionKeys, hover, onChange }: Setup): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    Prec.highest(keymap.of(keys)),
    lineNumbers(), history(), drawSelection(), highlightSpecialChars({ addSpecialChars: unseen }), highlightActiveLine(), highlightActiveLineGutter(), bracketMatching(), closeBrackets(), EditorView.lineWrapping,
    autocompletion({ override: [complete], icons: false, defaultKeymap: !ownCompletionKeys, interactionDelay: 0, activateOnTypingDelay: 80, maxRenderedOptions: 80, tooltipClass: () => "k-complete" }),
    hoverTooltip(hover, { hoverTime: 350 }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocorrect: "off", autocapitalize: "off", ...attributes }),
    typedOver, look,
    EditorView.updateListener.of((u) => {
      if (u.docChanged) onChange(u.state.doc.toString());
    }),
  ];
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

/** An editor in a place of the page, made anew when ready becomes another thing; undefined: not yet. */
export function useEditor<T>(ready: T | undefined, make: (parent: HTMLElement, ready: T) => EditorView): { place: RefObject<HTMLDivElement | null>; view: RefObject<EditorView | undefined> } {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const maker = useRef(make);
  useEffect(() => {
    if (!place.current || ready === undefined) return;
    const v = maker.current(place.current, ready);
    view.current = v;
    return () => {
      v.destroy();
      view.current = undefined;
    };
  }, [ready]);
  return { place, view };
}

/** Shows marks in the text. Called after whatever puts a text in, with what says that it is another one. */
export function useMarks(view: RefObject<EditorView | undefined>, marks: readonly Mark[], ...text: readonly unknown[]): void {
  useEffect(() => {
    const v = view.current;
    if (!v) return;
    const length = v.state.doc.length;
    v.dispatch(setDiagnostics(v.state, marks.filter((m) => m.from <= length).map((m) => ({ from: m.from, to: Math.min(m.to, length), severity: m.wrong === false ? "warning" as const : "error" as const, message: m.message }))));
    // The view is the same one for as long as the rest is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [marks, ...text]);
}

/** Replaces the whole text when it is another one. */
export function put(v: EditorView, text: string): void {
  if (v.state.doc.toString() !== text) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: text } });
}

/** Puts the cursor at a place of the text and the focus into the editor. */
export function jump(v: EditorView | undefined, pos: number): void {
  if (!v) return;
  v.dispatch({ selection: { anchor: Math.min(pos, v.state.doc.length) }, scrollIntoView: true });
  v.focus();
}
