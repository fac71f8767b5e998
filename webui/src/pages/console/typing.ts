/**
 * What is typed, on its way to the program.
 *
 * Rules: lines go in their order, not more at once than may wait for a program. When one is refused or the connection is
 * cut, those behind it are not sent: what comes after a command that failed was meant for a program that has done it.
 */

import { signal } from "@preact/signals";
import { t } from "../../strings";
import type { Link } from "./link";
import { MOST_BYTES, Nonsense } from "./protocol";
import { Remarks } from "./remarks";

/** Lines that are sent before the first of them is answered: 64 may wait for a program. */
const AT_ONCE = 32;

export class Typing {
  readonly remarks = new Remarks();
  /** Lines that were sent or will be, and are not answered yet. */
  readonly waiting = signal(0);
  #lines: string[] = [];
  #keys: Uint8Array[] = [];
  #mark: string | null = null;

  constructor(private readonly link: () => Pick<Link, "open" | "line" | "keys" | "protocol">) {}

  /** Send lines; tells whether that has begun. */
  send(lines: readonly string[]): boolean {
    if (!this.link().open) return false;
    this.#lines.push(...lines);
    this.go();
    return true;
  }

  /** Send keys; a large paste part by part, as the program takes it. */
  press(keys: Uint8Array): void {
    if (!this.link().open) {
      this.remarks.add("notice", t.console.keysLost);
      return;
    }
    for (let at = 0; at < keys.length; at += MOST_BYTES) this.#keys.push(keys.subarray(at, at + MOST_BYTES));
    this.go();
  }

  /** Send what may be sent now. */
  go(): void {
    const link = this.link();
    while (this.#lines.length > 0 && link.open && link.protocol.waiting < AT_ONCE) {
      const line = this.#lines.shift() ?? "";
      try {
        link.line(line);
      } catch (thrown) {
        if (!(thrown instanceof Nonsense)) throw thrown;
        this.remarks.add("refused", t.console.tooLong, [line]);
        this.#rest();
      }
    }
    while (this.#keys.length > 0 && this.#mark === null) {
      const part = this.#keys.shift();
      if (part !== undefined) this.#mark = link.keys(part, part.length === MOST_BYTES || this.#keys.length > 0);
    }
    this.waiting.value = this.#lines.length + link.protocol.waiting;
  }

  /** A line was given to the program, or all before a mark. */
  taken(id: string): void {
    if (id === this.#mark) this.#mark = null;
    this.go();
  }

  /** Something was said about what was typed: of a line, why it was not taken. */
  told(message: string, id: string, line: string | null): void {
    if (id === "") {
      this.remarks.add("notice", message);
    } else {
      this.remarks.add("refused", message, line === null ? [] : [line]);
      this.#keys = [];
      if (id === this.#mark) this.#mark = null;
      this.#rest();
    }
    this.go();
  }

  /** The connection is cut, and nobody knows about these lines. */
  unsure(lines: readonly string[]): void {
    this.remarks.add("unsure", t.console.unsure(lines.length), lines);
  }

  /** The connection is cut: what was not sent will not be. */
  cut(): void {
    if (this.#keys.length > 0) this.remarks.add("notice", t.console.keysLost);
    this.#keys = [];
    this.#mark = null;
    this.#rest();
    this.waiting.value = 0;
  }

  #rest(): void {
    const rest = this.#lines.splice(0);
    if (rest.length > 0) this.remarks.add("unsent", t.console.unsent(rest.length), rest);
  }
}
