/** What there is to say about what was typed: refused, unsure, not sent. It stays until it is dismissed. */

import { signal } from "@preact/signals";

const MOST = 5;

export interface Remark {
  id: number;
  kind: "refused" | "unsure" | "unsent" | "notice";
  text: string;
  /** The lines that it is about, which can be taken into the input again. */
  lines: readonly string[];
}

export class Remarks {
  readonly all = signal<readonly Remark[]>([]);
  #count = 0;

  /** Add one; the same again is told once. */
  add(kind: Remark["kind"], text: string, lines: readonly string[] = []): void {
    const last = this.all.value.at(-1);
    if (last && last.kind === kind && last.text === text && lines.length === 0) return;
    this.#count += 1;
    this.all.value = [...this.all.value, { id: this.#count, kind, text, lines }].slice(-MOST);
  }

  dismiss(id: number): void {
    this.all.value = this.all.value.filter((one) => one.id !== id);
  }
}
