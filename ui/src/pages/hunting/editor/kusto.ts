// The page's side of the language service: questions go to the worker, answers come back by number. The worker is started by the
// first page of hunting that is opened and ends with it.

import { createContext } from "react";
import type { HuntTable } from "../shapes";

export type Schema = { tables: readonly Pick<HuntTable, "name" | "doc" | "columns">[] };
export interface Completion { label: string; before: string; after: string; order: string; match: string; kind: string }
export interface Span { from: number; to: number; kind: string }
export interface Hover { text: string }

export type Question = { id: number } & (
  | { ask: "learn"; schema: Schema }
  | { ask: "complete" | "hover"; text: string; pos: number }
  | { ask: "colour"; text: string }
);
export type Answer = { id: number; value: unknown; failed?: undefined } | { id: number; failed: string };

type Ask = Question extends infer Q ? (Q extends { id: number } ? Omit<Q, "id"> : never) : never;

export class Kusto {
  readonly #worker = new Worker(new URL("./kusto.worker.ts", import.meta.url), { name: "kusto" });
  readonly #waiting = new Map<number, { done: (v: never) => void; failed: (e: Error) => void }>();
  readonly #listeners = new Set<() => void>();
  #next = 1;

  constructor() {
    this.#worker.onmessage = (e: MessageEvent<Answer>) => {
      const a = e.data;
      const w = this.#waiting.get(a.id);
      this.#waiting.delete(a.id);
      if (a.failed !== undefined) w?.failed(new Error(a.failed));
      else w?.done(a.value as never);
    };
    this.#worker.onerror = (e) => {
      for (const w of this.#waiting.values()) w.failed(new Error(e.message || "the language service could not be loaded"));
      this.#waiting.clear();
    };
  }

  async learn(schema: Schema): Promise<void> {
    await this.#ask({ ask: "learn", schema });
    for (const f of this.#listeners) f();
  }
  /** Calls f whenever more is known; what was asked before may have another answer then. */
  onLearned(f: () => void): () => void {
    this.#listeners.add(f);
    return () => this.#listeners.delete(f);
  }
  complete(text: string, pos: number): Promise<{ from: number; items: Completion[] }> {
    return this.#ask({ ask: "complete", text, pos });
  }
  colour(text: string): Promise<Span[]> {
    return this.#ask({ ask: "colour", text });
  }
  hover(text: string, pos: number): Promise<Hover> {
    return this.#ask({ ask: "hover", text, pos });
  }
  end(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #ask<T>(q: Ask): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((done, failed) => {
      this.#waiting.set(id, { done: done as (v: never) => void, failed });
      this.#worker.postMessage({ ...q, id });
    });
  }
}

export const KustoContext = createContext<Kusto | undefined>(undefined);
