/** The dry run that goes along while one types: the latest text is looked at, and an older answer never counts. */

import { type Diagnostic, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { type Extension, StateEffect } from "@codemirror/state";
import { type EditorView, keymap, type ViewUpdate } from "@codemirror/view";
import { type Signal, signal } from "@preact/signals";
import { type Problem, problemOf } from "../../api/problem";
import { check, placeOf, type Remark, type Report, sentence } from "./report";

/** Milliseconds without a key after which it is asked. */
const CALM = 600;

export interface Checked {
  /** What was told last; it may be of an older text while `asking`. */
  report: Report | null;
  problem: Problem | null;
  asking: boolean;
}

const AGAIN = StateEffect.define<null>();

/** A dry run after each pause. */
export class Checking {
  readonly state: Signal<Checked> = signal<Checked>({ report: null, problem: null, asking: true });
  #latest: AbortController | null = null;

  /** Return what shows mistakes at their lines. */
  get extension(): Extension {
    const needsRefresh = (update: ViewUpdate) => update.transactions.some(({ effects }) => effects.some((one) => one.is(AGAIN)));
    return [linter((view) => this.#look(view), { delay: CALM, needsRefresh }), lintGutter(), keymap.of(lintKeymap)];
  }

  /** Ask once more about the same text: what is in force may be another now. */
  again(view: EditorView | null): void {
    view?.dispatch({ effects: AGAIN.of(null) });
  }

  /** Stop asking. */
  stop(): void {
    this.#latest?.abort();
  }

  async #look(view: EditorView): Promise<Diagnostic[]> {
    this.#latest?.abort();
    const one = new AbortController();
    this.#latest = one;
    const doc = view.state.doc;
    this.state.value = { ...this.state.value, asking: true };
    try {
      const report = await check(doc.toString(), one.signal, true);
      if (this.#latest === one) this.state.value = { report, problem: null, asking: false };
      return remarksOf(report).flatMap(({ remark, severity }) => {
        const place = placeOf(doc, remark);
        return place === undefined ? [] : [{ ...place, severity, message: sentence(remark) }];
      });
    } catch (thrown) {
      if (this.#latest === one) this.state.value = { report: null, problem: problemOf(thrown), asking: false };
      return [];
    }
  }
}

/** Return all that is wrong, the mistakes first. */
export function remarksOf(report: Report): { remark: Remark; severity: "error" | "warning" }[] {
  const error = report.detail ?? (report.error === null ? null : whole(report.error));
  // Those without a place in the text are only told.
  const placed = report.remarks ?? [];
  const others = report.warnings.filter((told) => !placed.some(({ message }) => told.endsWith(message))).map(whole);
  return [
    ...(error === null ? [] : [{ remark: error, severity: "error" as const }]),
    ...[...placed, ...others].map((remark) => ({ remark, severity: "warning" as const })),
  ];
}

function whole(message: string): Remark {
  return { line: 0, column: 0, key: "", message };
}
