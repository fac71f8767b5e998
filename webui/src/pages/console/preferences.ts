/** How a person likes consoles: on this device, for all servers. */

import { signal } from "@preact/signals";

const KEY = "holdfast.console";

export interface Preferences {
  /** Pixels. */
  fontSize: number;
  wrap: boolean;
  /** Whether output is read out by screen readers; it costs time. */
  reader: boolean;
}

export const SMALLEST = 9;
export const LARGEST = 26;
const USUAL: Preferences = { fontSize: 14, wrap: true, reader: false };

export const preferences = signal<Preferences>(remembered());

/** Like it otherwise, and remember that. */
export function prefer(change: Partial<Preferences>): void {
  const next = { ...preferences.value, ...change };
  preferences.value = { ...next, fontSize: Math.min(LARGEST, Math.max(SMALLEST, next.fontSize)) };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // A private window: then it holds until the page is closed.
  }
}

function remembered(): Preferences {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    return {
      fontSize: typeof found.fontSize === "number" ? Math.min(LARGEST, Math.max(SMALLEST, found.fontSize)) : USUAL.fontSize,
      wrap: found.wrap !== false,
      reader: found.reader === true,
    };
  } catch {
    return USUAL;
  }
}
