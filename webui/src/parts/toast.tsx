/** Short messages at the edge of the page: told to screen readers too, and gone after a while unless they are faults. */

import { signal } from "@preact/signals";
import { render } from "preact";
import { Problem } from "../api/problem";
import { t } from "../strings";
import { Icon } from "./icon";

/** Milliseconds. */
const SHOWN = 6000;
const MOST = 5;

export interface Toast {
  kind: "good" | "info" | "warning" | "fault";
  text: string;
  /** Something that can be done about it, such as undoing it. */
  action?: { label: string; run: () => unknown } | undefined;
}

interface Told extends Toast {
  id: number;
}

const shown = signal<readonly Told[]>([]);
let count = 0;

/** Tell something: a toast, or a problem as a fault (what was stopped on purpose is no problem). */
export function tell(what: Toast | Problem): void {
  if (what instanceof Problem) {
    if (what.kind !== "aborted") tell({ kind: "fault", text: what.message });
    return;
  }
  if (shown.value.some((one) => one.text === what.text && one.kind === what.kind)) return;
  const told = { ...what, id: (count += 1) };
  shown.value = [...shown.value, told].slice(-MOST);
  if (what.kind !== "fault") setTimeout(() => dismiss(told.id), what.action ? SHOWN * 2 : SHOWN);
}

function dismiss(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

/** Where they are: a place of their own, which an open dialog takes along. What is outside of one cannot be pressed. */
let home: HTMLElement | null = null;

/** Begin to show them, once. */
export function beginToasts(): void {
  home = document.createElement("div");
  render(<Toasts />, home);
  placeToasts(null);
}

/** Show them in a dialog that is open now; null: on the page. */
export function placeToasts(dialog: HTMLDialogElement | null): void {
  if (home !== null) (dialog ?? document.body).append(home);
}

function Toasts() {
  return (
    <div class="toasts" role="region" aria-label={t.toasts} aria-live="polite">
      {shown.value.map((one) => (
        <div key={one.id} class={`toast ${one.kind}`} role={one.kind === "fault" ? "alert" : "status"}>
          <span>{one.text}</span>
          {one.action && (
            <button
              type="button"
              class="button quiet small"
              onClick={() => {
                dismiss(one.id);
                void one.action?.run();
              }}
            >
              {one.action.label}
            </button>
          )}
          <button type="button" class="button quiet bare small" aria-label={t.dismiss} onClick={() => dismiss(one.id)}>
            <Icon name="x" />
          </button>
        </div>
      ))}
    </div>
  );
}
