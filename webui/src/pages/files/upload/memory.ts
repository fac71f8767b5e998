/**
 * Uploads that have begun, remembered beyond the page: who chooses the same file again goes on where it was.
 *
 * What is remembered is where the upload goes on and what the file was; never its content.
 */

const KEY = "holdfast.uploads";
const MOST = 50;

export interface Begun {
  server: string;
  /** The folder that it goes into, and its name there. */
  folder: string;
  name: string;
  size: number;
  /** The file's name on this machine and its time of last change, in milliseconds: what tells it is the same. */
  from: string;
  modified: number;
  url: string;
  /** Unix milliseconds: when it was noted, and when the daemon forgets it. */
  at: number;
  expires: number;
}

/** What there is of `localStorage` that we need. */
export type Box = Pick<Storage, "getItem" | "setItem">;

/** What is remembered. */
export class Memory {
  constructor(
    readonly box: Box,
    readonly now: () => number = Date.now,
  ) {}

  /** Return all that may still be gone on with, the latest first. */
  all(): Begun[] {
    try {
      const found: unknown = JSON.parse(this.box.getItem(KEY) ?? "[]");
      return Array.isArray(found) ? found.filter(isBegun).filter((one) => one.expires > this.now()) : [];
    } catch {
      return [];
    }
  }

  /** Return where an upload of this file to this place goes on. */
  find(wanted: Pick<Begun, "server" | "folder" | "name" | "size" | "from" | "modified">): Begun | undefined {
    return this.all().find(
      (one) =>
        one.server === wanted.server &&
        one.folder === wanted.folder &&
        one.name === wanted.name &&
        one.size === wanted.size &&
        one.from === wanted.from &&
        one.modified === wanted.modified,
    );
  }

  /** Remember one. */
  note(begun: Begun): void {
    this.#keep([begun, ...this.all().filter((one) => one.url !== begun.url || one.server !== begun.server)]);
  }

  /** Forget one: it is done, or given up. */
  forget(server: string, url: string): void {
    this.#keep(this.all().filter((one) => one.url !== url || one.server !== server));
  }

  #keep(all: Begun[]): void {
    try {
      this.box.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
    } catch {
      // A private window, or no room: then the upload does not survive the page.
    }
  }
}

function isBegun(one: unknown): one is Begun {
  if (typeof one !== "object" || one === null) return false;
  const { server, folder, name, size, from, modified, url, expires } = one as Partial<Begun>;
  return (
    [server, folder, name, from, url].every((text) => typeof text === "string") &&
    [size, modified, expires].every((number) => typeof number === "number")
  );
}
