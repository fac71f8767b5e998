/** What stands where in a config, however broken it is: its sections, and where in the document a cursor is. */

import { begin, type Kind, type Scan, step } from "../../code/hjsontokens";

export type Path = readonly (string | number)[];

/** A key, and where it stands. */
export interface Entry {
  path: Path;
  from: number;
  to: number;
}

export interface Context {
  /** Whether a key or a value could be typed there; `none` in comments and behind values. */
  at: "key" | "value" | "none";
  /** Of the value or the key, or for a key that is yet to be typed, of the object that it would be in. */
  path: Path;
  /** The token that is there; an empty place if there is none. */
  from: number;
  to: number;
  kind: Kind | undefined;
  /** The keys of the same object, this one too. */
  siblings: readonly string[];
}

interface Frame {
  list: boolean;
  key: string | undefined;
  index: number;
  keys: string[];
}

const VALUES: readonly Kind[] = ["string", "bare", "word", "number"];

class Walk {
  readonly scan: Scan = begin();
  readonly frames: Frame[] = [{ list: false, key: undefined, index: -1, keys: [] }];
  #block = false;

  get frame(): Frame {
    return this.frames.at(-1) ?? { list: false, key: undefined, index: -1, keys: [] };
  }

  /** Where the innermost object or list is. */
  get inside(): (string | number)[] {
    return this.frames.slice(0, -1).flatMap((frame) => placeIn(frame));
  }

  /** Where what is under way is. */
  get path(): (string | number)[] {
    return this.frames.flatMap((frame) => placeIn(frame));
  }

  /** Take the token at a place of a line. */
  take(line: string, at: number): { kind: Kind; end: number } {
    const token = step(line, at, this.scan);
    const text = line.slice(at, token.end);
    const more = this.#block;
    this.#block = this.scan.inside === "block";
    switch (token.kind) {
      case "key":
        this.frame.key = unquoted(text);
        this.frame.keys.push(this.frame.key);
        break;
      case "open":
        if (this.frame.list) this.frame.index += 1;
        // The brace around all of it opens what is open already.
        if (this.frames.length > 1 || this.frame.key !== undefined || text === "[") {
          this.frames.push({ list: text === "[", key: undefined, index: -1, keys: [] });
        }
        break;
      case "close":
        if (this.frames.length > 1) this.frames.pop();
        break;
      case "comma":
        this.frame.key = undefined;
        break;
      default:
        if (this.frame.list && VALUES.includes(token.kind) && !more) this.frame.index += 1;
    }
    return token;
  }
}

function placeIn(frame: Frame): (string | number)[] {
  if (frame.list) return [Math.max(0, frame.index)];
  return frame.key === undefined ? [] : [frame.key];
}

/** Return all keys, in their order; those of objects in lists too. */
export function keysOf(text: string): Entry[] {
  const walk = new Walk();
  const found: Entry[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    for (let at = 0; at < line.length; ) {
      const { kind, end } = walk.take(line, at);
      if (kind === "key") found.push({ path: walk.path, from: start + at, to: start + end });
      at = end;
    }
    start += line.length + 1;
  }
  return found;
}

/** Return where in the document a place of the text is. */
export function contextAt(text: string, place: number): Context {
  const walk = new Walk();
  let start = 0;
  let found: Context | undefined;
  let keys: string[] = [];
  for (const line of text.split("\n")) {
    for (let at = 0; at < line.length; ) {
      const from = start + at;
      const fresh = line.slice(0, at).trim() === "";
      if (found === undefined && from >= place) found = gap(walk, place, fresh);
      const before = { ...walk.scan };
      if (found === undefined && line.slice(at).trim() === "" && place < start + line.length) found = gap(walk, place, fresh);
      const { kind, end } = walk.take(line, at);
      at = end;
      if (found === undefined && start + end >= place) {
        if (kind === "key" || VALUES.includes(kind)) {
          const inBlock = before.inside === "block" || walk.scan.inside === "block";
          const state = kind === "key" ? "key" : inBlock ? "none" : "value";
          found = { at: state, path: walk.path, from, to: start + end, kind, siblings: [] };
        } else if (kind === "comment" || kind === "wrong") {
          found = { at: "none", path: walk.path, from: place, to: place, kind, siblings: [] };
        }
        keys = walk.frame.keys;
      }
    }
    if (found === undefined && start + line.length >= place) {
      found = gap(walk, place, line.trim() === "");
      keys = walk.frame.keys;
    }
    start += line.length + 1;
  }
  // Those behind the place are known only now.
  return { ...(found ?? gap(walk, place, true)), siblings: keys };
}

/** Between tokens: `fresh` if nothing but blanks is before it in its line. */
function gap(walk: Walk, place: number, fresh: boolean): Context {
  const { scan } = walk;
  const none = { from: place, to: place, kind: undefined, siblings: [] };
  if (scan.inside !== "") return { at: "none", path: walk.path, ...none };
  const list = walk.frame.list;
  const next = scan.expects === "key" || ((scan.expects === "next" || scan.expects === "colon") && fresh);
  if (list) return { at: next || scan.expects === "value" ? "value" : "none", path: [...walk.inside, walk.frame.index + 1], ...none };
  if (scan.open === "" && scan.expects === "value") return { at: "key", path: [], ...none };
  if (next) return { at: "key", path: walk.inside, ...none };
  return { at: scan.expects === "value" ? "value" : "none", path: walk.path, ...none };
}

function unquoted(text: string): string {
  if (!/^["']/.test(text)) return text;
  const inner = text.slice(1, text.length > 1 && text.endsWith(text[0] ?? "") ? -1 : undefined);
  try {
    return JSON.parse(`"${inner.replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"')}"`) as string;
  } catch {
    return inner;
  }
}
