/**
 * Texts that are not saved yet, so that a page that is loaded again, or has crashed, can offer them.
 *
 * They are kept for this tab alone, as long as it is open, and forgotten when the person logs out: what is edited may
 * hold secrets. Where there is no room for a draft, the oldest others make room; if that is not enough, it is not kept.
 */

import type { Form } from "./code/textform";

/** What the names of all drafts begin with. */
export const PREFIX = "holdfast.draft:";

export interface Draft extends Form {
  text: string;
  /** Of what it was based on; null if that was nothing. */
  etag: string | null;
  /** Unix seconds. */
  at: number;
}

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const NONE: Shelf = {
  length: 0,
  key: () => null,
  getItem: () => null,
  removeItem: () => undefined,
  setItem: () => {
    throw new Error("there is no storage");
  },
};

function ofTab(): Shelf {
  try {
    return sessionStorage;
  } catch {
    return NONE; // switched off
  }
}

/** The drafts of a person. */
export class Drafts {
  readonly #shelf: Shelf;
  readonly #owner: string;

  constructor(owner: string, shelf: Shelf = ofTab()) {
    this.#owner = `${PREFIX}${encodeURIComponent(owner)}:`;
    this.#shelf = shelf;
  }

  /** Return what was kept of something; what cannot be read is nothing. */
  find(id: string): Draft | null {
    try {
      const found = JSON.parse(this.#shelf.getItem(this.#owner + id) ?? "null") as Draft | null;
      return found !== null && typeof found.text === "string" ? found : null;
    } catch {
      return null;
    }
  }

  /** Keep it, if there is room; tells whether it is kept. */
  keep(id: string, draft: Draft): boolean {
    const text = JSON.stringify(draft);
    for (const other of [null, ...this.#others(id)]) {
      if (other !== null) this.#drop(other);
      try {
        this.#shelf.setItem(this.#owner + id, text);
        return true;
      } catch {
        // There is no room: without the next older one there may be.
      }
    }
    // An older state of it would be worse than none.
    this.forget(id);
    return false;
  }

  /** Forget it: it was saved, or is not wanted. */
  forget(id: string): void {
    this.#drop(this.#owner + id);
  }

  #drop(key: string): void {
    this.#shelf.removeItem(key);
  }

  #others(id: string): string[] {
    const keys = keysOf(this.#shelf).filter((key) => key !== this.#owner + id);
    const when = new Map(keys.map((key) => [key, ageOf(this.#shelf.getItem(key))]));
    return keys.sort((one, other) => (when.get(one) ?? 0) - (when.get(other) ?? 0));
  }
}

/** Forget all drafts of this tab. */
export function forgetDrafts(shelf: Shelf = ofTab()): void {
  for (const key of keysOf(shelf)) shelf.removeItem(key);
}

function keysOf(shelf: Shelf): string[] {
  const keys = Array.from({ length: shelf.length }, (_, at) => shelf.key(at));
  return keys.filter((key) => key !== null).filter((key) => key.startsWith(PREFIX));
}

function ageOf(text: string | null): number {
  try {
    return Number((JSON.parse(text ?? "") as Draft).at) || 0;
  } catch {
    return 0;
  }
}
