import { StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { highlight, type Span as Rough } from "../../../filter/highlight";
import type { Kusto, Span } from "./kusto";

const classes: Record<string, string> = {
  Table: "k-table", MaterializedView: "k-table", Column: "", QueryOperator: "k-word", Keyword: "k-word", ScalarOperator: "k-word", Command: "k-word", Option: "k-word", Type: "k-function",
  Function: "k-function", StringLiteral: "k-string", Literal: "k-number", Comment: "k-comment", MathOperator: "k-quiet", Punctuation: "k-quiet", Variable: "k-own", Parameter: "k-own",
};

const paint = StateEffect.define<DecorationSet>();

const painted = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(set, tr) {
    let next = set.map(tr.changes);
    for (const e of tr.effects) if (e.is(paint)) next = e.value;
    return next;
  },
  provide: (f) => EditorView.decorations.from(f),
});

function marks(spans: readonly Span[], length: number): DecorationSet {
  const out = spans.flatMap((s) => {
    const name = classes[s.kind];
    return name && s.to <= length && s.from < s.to ? [Decoration.mark({ class: name }).range(s.from, s.to)] : [];
  });
  return Decoration.set(out, true);
}

const looks: Record<Rough["kind"], string> = { table: "Table", keyword: "Keyword", operator: "Keyword", string: "StringLiteral", number: "Literal", comment: "Comment", plain: "" };

function rough(text: string): Span[] {
  let at = 0;
  return highlight(text).map((s) => ({ from: at, to: (at += s.text.length), kind: looks[s.kind] }));
}

/** A text of this size and more is not coloured: the service would fall behind the keys. */
const mostColoured = 60_000;

/** Colours the text as the service reads it, a moment after it was written; what is on screen moves along meanwhile. */
export function colours(kusto: Kusto): Extension {
  const plugin = ViewPlugin.fromClass(class {
    timer: ReturnType<typeof setTimeout> | undefined;
    gone = false;
    answered = false;
    readonly unwatch = kusto.onLearned(() => this.later(0));
    constructor(readonly view: EditorView) {
      this.later(0);
    }
    update(u: ViewUpdate) {
      if (u.docChanged) this.later(60);
    }
    later(ms: number) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.ask(), ms);
    }
    async ask() {
      const doc = this.view.state.doc;
      if (doc.length === 0 || doc.length > mostColoured) return;
      // Until the service is there, words are coloured by what they look like.
      if (!this.answered) this.view.dispatch({ effects: paint.of(marks(rough(doc.toString()), doc.length)) });
      const spans = await kusto.colour(doc.toString()).catch(() => undefined);
      if (!spans) return;
      this.answered = true;
      if (!this.gone && this.view.state.doc.eq(doc)) this.view.dispatch({ effects: paint.of(marks(spans, doc.length)) });
    }
    destroy() {
      this.gone = true;
      this.unwatch();
      clearTimeout(this.timer);
    }
  });
  return [painted, plugin];
}
