// What a person has open in Hunting: drafts of queries, and for each the rows of its last run. Drafts outlive a reload, rows live as
// long as the page's memory: they may be many, and they are of a moment. A sign-out forgets both.

import { hunt } from "./stream";
import { statementAt, statements } from "./statements";
import type { HuntColumn, HuntRender, HuntSaved } from "./shapes";

export interface Draft {
  id: string;
  /** "" for one without a name. */
  name: string;
  text: string;
  /** The saved query it came from, as it was then. */
  saved: HuntSaved | undefined;
}

export type RunState = "running" | "done" | "failed" | "stopped";

export interface Run {
  id: string;
  draft: string;
  /** Which query of the draft, from 1; 0 for a selection. */
  number: number;
  /** What was sent, and where it stood in the draft. */
  query: string;
  offset: number;
  /** The whole draft as it was. */
  text: string;
  from: string | undefined;
  to: string | undefined;
  at: Date;
  state: RunState;
  columns: readonly HuntColumn[];
  /** Grows while the run goes on; count says how many are there. */
  rows: readonly (readonly unknown[])[];
  count: number;
  render: HuntRender | undefined;
  explorer: string;
  tables: readonly string[];
  withheld: readonly string[];
  tookMs: number | undefined;
  /** Which limit cut the result, as a sentence. */
  cut: string;
  /** A refusal before the first row. */
  problem: unknown;
  /** Why there is no end, when rows had begun. */
  broken: string;
}

export interface HuntState {
  drafts: readonly Draft[];
  active: string;
  runs: Readonly<Record<string, Run>>;
  pinned: Run | undefined;
}

export interface Where { from: string | undefined; to: string | undefined; at: Date }

/** What a run is of: the selection, or the query at the cursor. */
export interface Piece { query: string; offset: number; number: number }

export function pieceOf(text: string, selection: { from: number; to: number }): Piece | undefined {
  const chosen = text.slice(selection.from, selection.to);
  if (chosen.trim() !== "") return { query: chosen, offset: selection.from, number: 0 };
  const all = statements(text);
  const at = statementAt(all, selection.from);
  const s = all[at];
  return s && { query: s.text, offset: s.from, number: at + 1 };
}

interface Shelf { getItem: (k: string) => string | null; setItem: (k: string, v: string) => void; removeItem: (k: string) => void }

const most = 12;

/** What a page can hold and sort without stopping; who wants more takes it with the command line. */
export const mostRows = 100_000;

export class HuntSession {
  #state: HuntState;
  readonly #listeners = new Set<() => void>();
  readonly #stops = new Map<string, AbortController>();
  readonly #key: string;
  readonly #shelf: Shelf;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(person: string, shelf: Shelf) {
    this.#key = `tocsin.hunting.${person}`;
    this.#shelf = shelf;
    this.#state = { ...restore(shelf.getItem(this.#key)), runs: {}, pinned: undefined };
  }

  readonly get = (): HuntState => this.#state;
  readonly subscribe = (f: () => void): (() => void) => {
    this.#listeners.add(f);
    return () => this.#listeners.delete(f);
  };

  get draft(): Draft {
    return this.#state.drafts.find((d) => d.id === this.#state.active) ?? this.#state.drafts[0]!;
  }

  #put(change: Partial<HuntState>): void {
    this.#state = { ...this.#state, ...change };
    if (change.drafts || change.active !== undefined) this.#keep();
    for (const f of this.#listeners) f();
  }

  #keep(): void {
    const { drafts, active } = this.#state;
    try {
      this.#shelf.setItem(this.#key, JSON.stringify({ drafts, active }));
    } catch {
      // Full, or not allowed: the drafts live as long as the page does.
    }
  }

  /** Opens a draft: the one that holds this already, an empty one, or a new one. */
  open(what: { name?: string; text: string; saved?: HuntSaved | undefined }): Draft {
    const { drafts } = this.#state;
    const same = drafts.find((d) => (what.saved ? d.saved?.id === what.saved.id && d.text === what.text : d.text === what.text && d.text !== ""));
    if (same) {
      this.#put({ active: same.id });
      return same;
    }
    const name = what.name ?? what.saved?.name ?? "";
    const empty = drafts.find((d) => d.text.trim() === "" && d.saved === undefined);
    if (empty) {
      const next = { ...empty, name, text: what.text, saved: what.saved };
      this.#put({ drafts: drafts.map((d) => (d === empty ? next : d)), active: empty.id });
      return next;
    }
    const next: Draft = { id: crypto.randomUUID(), name, text: what.text, saved: what.saved };
    // The oldest that nobody would miss gives way.
    const room = drafts.length < most ? drafts : drafts.filter((d) => d !== (drafts.find((x) => x.saved?.query === x.text) ?? drafts[0]));
    this.#put({ drafts: [...room, next], active: next.id });
    return next;
  }

  /** A new empty draft. */
  blank(): void {
    const next: Draft = { id: crypto.randomUUID(), name: "", text: "", saved: undefined };
    this.#put({ drafts: [...this.#state.drafts, next], active: next.id });
  }

  choose(id: string): void {
    this.#put({ active: id });
  }

  close(id: string): void {
    const { drafts, active } = this.#state;
    const at = drafts.findIndex((d) => d.id === id);
    if (at < 0) return;
    this.stop(id);
    const rest = drafts.filter((d) => d.id !== id);
    const left = rest.length > 0 ? rest : [{ id: crypto.randomUUID(), name: "", text: "", saved: undefined }];
    const runs = Object.fromEntries(Object.entries(this.#state.runs).filter(([k]) => k !== id));
    this.#put({ drafts: left, runs, active: active === id ? left[Math.min(at, left.length - 1)]!.id : active });
  }

  write(id: string, change: Partial<Omit<Draft, "id">>): void {
    this.#put({ drafts: this.#state.drafts.map((d) => (d.id === id ? { ...d, ...change } : d)) });
  }

  pin(run: Run | undefined): void {
    this.#put({ pinned: run });
  }

  /** Runs a query of a draft; what ran in it before is stopped. */
  async run(draft: Draft, piece: Piece, where: Where): Promise<void> {
    this.stop(draft.id);
    const stop = new AbortController();
    this.#stops.set(draft.id, stop);
    const rows: (readonly unknown[])[] = [];
    let run: Run = {
      id: crypto.randomUUID(), draft: draft.id, ...piece, text: draft.text, from: where.from, to: where.to, at: where.at, state: "running", columns: [], rows, count: 0,
      render: undefined, explorer: "", tables: [], withheld: [], tookMs: undefined, cut: "", problem: undefined, broken: "",
    };
    const began = performance.now();
    const put = (change: Partial<Run>) => {
      run = { ...run, ...change };
      if (this.#state.drafts.some((d) => d.id === draft.id) && this.#stops.get(draft.id) === stop) this.#put({ runs: { ...this.#state.runs, [draft.id]: run } });
    };
    // Rows are shown as they come, a few times a second.
    const soon = () => {
      this.#late ??= setTimeout(() => {
        this.#late = undefined;
        if (run.state === "running") put({ count: rows.length });
      }, 150);
    };
    put({});
    try {
      await hunt({ query: piece.query, id: run.id, limit: mostRows, ...(where.from ? { from: where.from } : {}), ...(where.to ? { to: where.to } : {}) }, stop.signal, (lines) => {
        for (const l of lines) {
          if (l.row) rows.push(l.row);
          else if (l.columns) put({ columns: l.columns, render: l.render, explorer: l.explorer ?? "", tables: l.tables ?? [], withheld: l.withheld ?? [], id: l.id || run.id });
          else if (l.done) put({ state: "done", count: rows.length, tookMs: l.done.took_ms, cut: l.done.cut ?? "" });
          else if (l.error !== undefined) put({ state: l.reason === "cancelled" ? "stopped" : "failed", count: rows.length, broken: l.error, tookMs: performance.now() - began });
        }
        soon();
      });
      if (run.state === "running") put({ state: "failed", count: rows.length, broken: "The answer ended early: rows may be missing. Run it again.", tookMs: performance.now() - began });
    } catch (e) {
      if (stop.signal.aborted) put({ state: "stopped", count: rows.length, tookMs: performance.now() - began });
      else put({ state: "failed", count: rows.length, tookMs: performance.now() - began, ...(run.columns.length > 0 ? { broken: e instanceof Error ? e.message : String(e) } : { problem: e }) });
    }
  }

  /** Stops what runs in a draft; its rows so far stay. Closing the line is what the server stops for. */
  stop(draft: string): void {
    this.#stops.get(draft)?.abort();
  }

  /** Stops everything and forgets it. */
  end(): void {
    for (const s of this.#stops.values()) s.abort();
    clearTimeout(this.#late);
    this.#shelf.removeItem(this.#key);
  }
}

function restore(kept: string | null): Pick<HuntState, "drafts" | "active"> {
  const blank: Draft = { id: crypto.randomUUID(), name: "", text: "", saved: undefined };
  try {
    const read = JSON.parse(kept ?? "null") as { drafts?: Draft[]; active?: string } | null;
    const drafts = (read?.drafts ?? []).filter((d) => typeof d.id === "string" && typeof d.text === "string" && typeof d.name === "string").slice(0, 50);
    if (drafts.length > 0) return { drafts, active: drafts.some((d) => d.id === read?.active) ? read!.active! : drafts[0]!.id };
  } catch {
    // What cannot be read is not there.
  }
  return { drafts: [blank], active: blank.id };
}
