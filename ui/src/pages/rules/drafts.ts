// Texts of rules that a person changed and did not save. They outlive a reload and leaving the page; a sign-out forgets them.

import { useUntilSignOut } from "../../session/useUntilSignOut";

/** A rule that is being written has no id yet. No id of a rule begins so. */
export const newRule = "_new";

export interface Kept { text: string; /** Text that was changed. */ of: string }

interface Shelf { getItem: (k: string) => string | null; setItem: (k: string, v: string) => void; removeItem: (k: string) => void }

export class RuleDrafts {
  readonly #kept = new Map<string, Kept>();
  readonly #key: string;
  readonly #shelf: Shelf;
  readonly #listeners = new Set<() => void>();

  constructor(person: string, shelf: Shelf) {
    this.#key = `tocsin.rules.${person}`;
    this.#shelf = shelf;
    try {
      const read = JSON.parse(shelf.getItem(this.#key) ?? "{}") as Record<string, Kept>;
      for (const [id, d] of Object.entries(read).slice(0, 50)) if (typeof d.text === "string" && typeof d.of === "string") this.#kept.set(id, d);
    } catch {
      // What cannot be read is not there.
    }
  }

  get(id: string): Kept | undefined {
    return this.#kept.get(id);
  }

  /** Ids of rules that have unsaved work. */
  ids(): string[] {
    return [...this.#kept.keys()];
  }

  /** Keeps a text; one that is as it was is no work. */
  put(id: string, text: string, of: string): void {
    if (text === of) this.#kept.delete(id);
    else this.#kept.set(id, { text, of });
    this.#save();
  }

  drop(id: string): void {
    this.#kept.delete(id);
    this.#save();
  }

  end(): void {
    this.#kept.clear();
    this.#shelf.removeItem(this.#key);
  }

  readonly subscribe = (f: () => void): (() => void) => {
    this.#listeners.add(f);
    return () => this.#listeners.delete(f);
  };

  #save(): void {
    try {
      if (this.#kept.size === 0) this.#shelf.removeItem(this.#key);
      else this.#shelf.setItem(this.#key, JSON.stringify(Object.fromEntries(this.#kept)));
    } catch {
      // Full, or not allowed: the drafts live as long as the page does.
    }
    for (const f of this.#listeners) f();
  }
}

const key = ["rule", "drafts"] as const;

const make = (operator: string) => new RuleDrafts(operator, sessionStorage);

/** The unsaved work of who is signed in. */
export const useDrafts = (): RuleDrafts => useUntilSignOut(key, make);
