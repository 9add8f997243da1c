// What the editor of rules proposes and explains: everything comes from the server's description of the language.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { boundNames, calledOn, chainAt, typeBeforeDot, typeOf, type Func, type Language, type Name } from "./know";
import { placeAt, quoteAt } from "./language";

export interface Proposal { label: string; detail: string; title: string; doc: string; /** What is put in; | is where the cursor goes. */ put: string }

const ofName = (n: Name): Proposal => ({ label: n.name, detail: n.type, title: `${n.of ? `${n.of}.` : ""}${n.name}: ${n.type}`, doc: n.doc, put: n.name });
const macros = new Set(["exists", "all", "exists_one", "filter", "map"]);

function ofFunc(f: Func): Proposal {
  const list = ["says", "mentions", "head_says", "files_say", "links_contain"].includes(f.name);
  const put = macros.has(f.name) ? `${f.name}(x, |)` : list ? `${f.name}(["|"])` : f.name === "has_signal" || f.name === "header" || f.name === "headers" ? `${f.name}("|")` : `${f.name}(|)`;
  return { label: f.name, detail: `gives ${f.result}`, title: f.signatures.join("\n"), doc: f.doc, put };
}

/** What may be written at a place of a rule's text, and where it begins. */
export function propose(text: string, pos: number, l: Language, explicit: boolean): { from: number; items: Proposal[] } | undefined {
  const p = placeAt(text, pos);
  if (p.in === "key") {
    const items = l.keys.filter((k) => k.of === p.of).map((k) => {
      const block = k.of === "" && ["when", "evidence", "description"].includes(k.name) ? `${k.name}: |\n  |` : `${k.name}: |`;
      return { label: k.name, detail: k.of === "" ? "key" : `key of ${k.of}`, title: k.name, doc: k.doc, put: block };
    });
    return p.word === "" && !explicit ? undefined : { from: pos - p.word.length, items };
  }
  if (p.in === "value") {
    const known = l.keys.find((k) => k.name === p.key && k.values.length > 0);
    return known && { from: pos - p.word.length, items: known.values.map((v) => ({ label: v, detail: "", title: v, doc: known.doc, put: v })) };
  }
  if (p.in === "text") return undefined;
  const quote = quoteAt(p.before);
  if (quote) {
    if (quote.call !== "has_signal") return undefined;
    return { from: pos - quote.open.length, items: l.signals.map((s) => ({ label: s.id, detail: s.threat, title: s.id, doc: s.claim, put: s.id })) };
  }
  const word = /\w*$/.exec(p.before)![0];
  const from = pos - word.length;
  if (/\.\s*\w*$/.test(p.before)) {
    const type = typeBeforeDot(p.before, l);
    if (type === "") return undefined;
    return { from, items: [...l.names.filter((n) => n.of === type).map(ofName), ...l.functions.filter((f) => calledOn(f, type)).map(ofFunc)] };
  }
  if (word === "" && !explicit) return undefined;
  const own = boundNames(p.before).map((name) => ({ label: name, detail: typeOf([name], p.before, l), title: name, doc: "The element that is looked at.", put: name }));
  return { from, items: [...own, ...l.names.filter((n) => n.of === "").map(ofName), ...l.functions.filter((f) => f.of.length === 0 || f.signatures.some((s) => s.startsWith(`${f.name}(`))).map(ofFunc)] };
}

/** What the word at a place means. */
export function explain(text: string, from: number, to: number, l: Language): { title: string; doc: string } | undefined {
  const word = text.slice(from, to);
  const p = placeAt(text, to);
  if (p.in === "key" || p.in === "value") {
    const k = l.keys.find((x) => x.name === word && (p.in === "value" || x.of === p.of));
    return k && { title: k.name, doc: k.doc };
  }
  if (p.in === "text") return undefined;
  const quote = quoteAt(p.before);
  if (quote) {
    const id = quote.open + (/^[\w-]*/.exec(text.slice(to))?.[0] ?? "");
    const s = quote.call === "has_signal" ? l.signals.find((x) => x.id === id) : undefined;
    return s && { title: `${s.id}${s.threat ? ` · ${s.threat}` : ""}`, doc: s.claim };
  }
  const chain = chainAt(p.before);
  if (/\.\s*\w*$/.test(p.before)) {
    const type = typeBeforeDot(p.before, l);
    const n = l.names.find((x) => x.of === type && x.name === word);
    if (n) return { title: `${n.of}.${n.name}: ${n.type}`, doc: n.doc };
  } else if (chain.length === 1) {
    const n = l.names.find((x) => x.of === "" && x.name === word);
    if (n) return { title: `${n.name}: ${n.type}`, doc: n.doc };
    const type = typeOf([word], p.before, l);
    if (type) return { title: `${word}: ${type}`, doc: "The element that is looked at." };
  }
  const f = l.functions.find((x) => x.name === word);
  return f && { title: f.signatures.join("\n"), doc: f.doc };
}

function card(title: string, doc: string): HTMLElement {
  const box = document.createElement("div");
  box.className = "k-info";
  for (const line of title.split("\n").slice(0, 4)) {
    const b = document.createElement("b");
    b.textContent = line;
    box.append(b);
  }
  const p = document.createElement("p");
  p.textContent = doc;
  box.append(p);
  return box;
}

export function hoverCard(text: string, from: number, to: number, l: Language): HTMLElement | undefined {
  const said = explain(text, from, to, l);
  if (!said) return undefined;
  const dom = card(said.title, said.doc);
  dom.classList.add("cm-tooltip-section");
  return dom;
}

export function source(language: () => Language | undefined) {
  return (context: CompletionContext): CompletionResult | null => {
    const l = language();
    if (!l) return null;
    const found = propose(context.state.doc.toString(), context.pos, l, context.explicit);
    if (!found || found.items.length === 0) return null;
    return {
      from: found.from,
      validFor: /^[\w-]*$/,
      options: found.items.map((i): Completion => ({
        label: i.label,
        detail: i.detail,
        info: () => card(i.title, i.doc),
        apply: (view, _, from, to) => {
          const line = view.state.doc.lineAt(from).text;
          const put = /^[\w-]+$/.test(view.state.sliceDoc(to, to + 1)) || (i.put.endsWith(")") && view.state.sliceDoc(to, to + 1) === "(") ? i.label : i.put.replace(/\n/g, `\n${/^ */.exec(line)![0]}`);
          const cursor = put.lastIndexOf("|");
          const at = i.put.includes("|") && cursor >= 0 ? cursor : put.length;
          // A block's own | stays; the last one marks the place.
          const insert = i.put.includes("|") && cursor >= 0 ? put.slice(0, cursor) + put.slice(cursor + 1) : put;
          view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + at }, userEvent: "input.complete", scrollIntoView: true });
        },
      })),
    };
  };
}
