/**
 * Something that is open to be edited: what it was when it was read, and how saving it goes.
 *
 * Rules:
 * - What is saved replaces only what was seen: each write names the version that it is to replace.
 * - A write whose answer got lost is found out about: if what is there is what was sent, it was saved.
 * - What was only touched, and has the same bytes, is no conflict.
 */

import { type Signal, signal } from "@preact/signals";
import { Problem } from "../api/problem";
import { sameBytes } from "./textform";

export type Bytes = Uint8Array<ArrayBuffer>;

/** What is there, and by what name a server knows just that. */
export interface Version {
  bytes: Bytes;
  etag: string;
}

/** Where it is kept. All of them throw `Problem`. */
export interface Place {
  /** Return what is there; null if nothing is. */
  read: () => Promise<Version | null>;
  /** Return the name of what is there, without reading it; null if nothing is. Never asks anybody to log in. */
  look: () => Promise<string | null>;
  /** Put this in the place of that version, or null: of nothing. Throws one with status 412 if something else is there. */
  write: (bytes: Bytes, over: string | null) => Promise<Version>;
}

export type Phase =
  | { is: "open" }
  | { is: "saving" }
  /** Somebody else has written; `refused` if that came out when it was to be saved. */
  | { is: "conflict"; theirs: Version; refused: boolean }
  | { is: "gone"; refused: boolean };

/** How often a write is tried again on top of what was only touched. */
const TRIES = 3;

/** One of them. */
export class Opened {
  readonly phase: Signal<Phase> = signal<Phase>({ is: "open" });
  /** What it is based on; null if it is new. */
  readonly base: Signal<Version | null>;
  readonly #place: Place;

  constructor(place: Place, base: Version | null) {
    this.#place = place;
    this.base = signal(base);
  }

  /** Save; tells whether it is done. If not, `phase` says what is in the way. Throws `Problem` if nobody knows. */
  async save(bytes: Bytes): Promise<boolean> {
    const before = this.phase.value;
    if (before.is === "saving") return false;
    this.phase.value = { is: "saving" };
    try {
      for (let left = TRIES; ; left -= 1) {
        try {
          this.base.value = await this.#place.write(bytes, this.base.value?.etag ?? null);
          this.phase.value = { is: "open" };
          return true;
        } catch (thrown) {
          if (!(thrown instanceof Problem) || thrown.status !== 412 || left === 0) throw thrown;
        }
        const theirs = await this.#place.read();
        if (theirs !== null && sameBytes(theirs.bytes, bytes)) {
          this.adopt(theirs);
          return true;
        }
        if (!this.#isTouched(theirs)) {
          this.phase.value = theirs === null ? { is: "gone", refused: true } : { is: "conflict", theirs, refused: true };
          return false;
        }
        this.base.value = theirs;
      }
    } catch (thrown) {
      this.phase.value = before;
      throw thrown;
    }
  }

  /** From now on it is based on that version, whatever the text is; null: on nothing, it will be new. */
  adopt(version: Version | null): void {
    this.base.value = version;
    this.phase.value = { is: "open" };
  }

  /** Find out whether somebody else has written; whoever cannot be asked has not. */
  async look(): Promise<void> {
    const base = this.base.value;
    if (this.phase.value.is !== "open" || base === null) return;
    try {
      const etag = await this.#place.look();
      const theirs = etag === null || etag === base.etag ? null : await this.#place.read();
      // Meanwhile it may have been saved.
      if (etag === base.etag || this.phase.value.is !== "open" || this.base.value !== base) return;
      if (theirs === null) this.phase.value = { is: "gone", refused: false };
      else if (sameBytes(theirs.bytes, base.bytes)) this.base.value = theirs;
      else this.phase.value = { is: "conflict", theirs, refused: false };
    } catch {
      // When it is saved, it comes out.
    }
  }

  #isTouched(theirs: Version | null): boolean {
    const base = this.base.value;
    return theirs !== null && base !== null && sameBytes(theirs.bytes, base.bytes);
  }
}
