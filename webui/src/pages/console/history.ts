/**
 * What was typed before: of each server and account, on this device.
 *
 * Rules, as of the command `holdfast console`: a line stands there once, at its latest place; a line that begins with a
 * blank is not kept; what is being typed is not lost by looking back.
 */

const MOST = 500;
const LONGEST = 4096;

export interface Kept {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Lines, the oldest first, and where one looks. */
export class History {
  #lines: string[];
  #at: number;
  #draft = "";

  constructor(
    private readonly key: string,
    private readonly kept: Kept | null,
  ) {
    this.#lines = this.#read();
    this.#at = this.#lines.length;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Keep a line, and look at none. */
  add(line: string): void {
    this.#draft = "";
    if (line.trim() !== "" && !/^\s/.test(line) && line.length <= LONGEST) {
      // Another tab may have added some.
      this.#lines = [...this.#read().filter((one) => one !== line), line].slice(-MOST);
      this.#write();
    }
    this.#at = this.#lines.length;
  }

  /** Forget all. */
  clear(): void {
    this.#lines = [];
    this.#at = 0;
    this.#write();
  }

  /** Return the line before the one that is looked at, that begins like what was typed; null if there is none. */
  older(typed: string): string | null {
    if (this.#at === this.#lines.length) this.#draft = typed;
    for (let at = this.#at - 1; at >= 0; at -= 1) {
      const line = this.#lines[at];
      if (line?.startsWith(this.#draft) && line !== typed) return this.#look(at, line);
    }
    return null;
  }

  /** Return the line after it; what was being typed, after the last; null if that is shown already. */
  newer(typed: string): string | null {
    if (this.#at >= this.#lines.length) return null;
    for (let at = this.#at + 1; at < this.#lines.length; at += 1) {
      const line = this.#lines[at];
      if (line?.startsWith(this.#draft) && line !== typed) return this.#look(at, line);
    }
    return this.#look(this.#lines.length, this.#draft);
  }

  /** Something was typed: look at none. */
  typed(): void {
    this.#at = this.#lines.length;
  }

  /** Return the latest line that goes on from what was typed; null if none does. */
  suggestion(typed: string): string | null {
    if (typed === "") return null;
    return this.#lines.findLast((line) => line.length > typed.length && line.startsWith(typed)) ?? null;
  }

  /** Return the lines in which a text is found, the latest first, at most so many. */
  find(text: string, most: number): string[] {
    const sought = text.toLowerCase();
    const found: string[] = [];
    for (let at = this.#lines.length - 1; at >= 0 && found.length < most; at -= 1) {
      const line = this.#lines[at];
      if (line?.toLowerCase().includes(sought)) found.push(line);
    }
    return found;
  }

  #look(at: number, line: string): string {
    this.#at = at;
    return line;
  }

  #read(): string[] {
    try {
      const found: unknown = JSON.parse(this.kept?.getItem(this.key) ?? "[]");
      return Array.isArray(found) ? found.filter((line) => typeof line === "string").slice(-MOST) : [];
    } catch {
      return this.#lines ?? [];
    }
  }

  #write(): void {
    try {
      this.kept?.setItem(this.key, JSON.stringify(this.#lines));
    } catch {
      // A private window, or it is full: then it holds until the page is closed.
    }
  }
}
