/** How a person likes to see code: remembered in this browser. */

import { effect, signal } from "@preact/signals";

const KEY = "holdfast.code";
export const SMALLEST = 10;
export const LARGEST = 24;

interface Kept {
  wrap: boolean;
  size: number;
}

function remembered(): Kept {
  // Lines that one must push to and fro are no pleasure on a phone.
  const usual = { wrap: innerWidth < 800, size: 14 };
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Kept>;
    const size = Number(found.size);
    return {
      wrap: typeof found.wrap === "boolean" ? found.wrap : usual.wrap,
      size: size >= SMALLEST && size <= LARGEST ? size : usual.size,
    };
  } catch {
    return usual;
  }
}

const before = remembered();
export const wrap = signal(before.wrap);
/** Pixels. */
export const size = signal(before.size);

effect(() => document.documentElement.style.setProperty("--code-size", `${size.value}px`));

/** Wrap long lines, or not. */
export function chooseWrap(wanted: boolean): void {
  wrap.value = wanted;
  keep();
}

/** Make it larger or smaller. */
export function chooseSize(wanted: number): void {
  size.value = Math.min(LARGEST, Math.max(SMALLEST, wanted));
  keep();
}

function keep(): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ wrap: wrap.value, size: size.value }));
  } catch {
    // A private window: then it holds until the page is closed.
  }
}
