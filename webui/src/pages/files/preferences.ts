/** How a person likes the list: remembered on this machine. */

import { effect, type Signal, signal } from "@preact/signals";

/** Return a signal that keeps its value, in JSON, beyond the page; what makes no sense there is left out. */
export function remembered<T extends object | boolean>(key: string, usual: T): Signal<T> {
  const one = signal(found(key, usual));
  let first = true;
  effect(() => {
    const text = JSON.stringify(one.value);
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(key, text);
    } catch {
      // A private window: then it holds until the page is closed.
    }
  });
  return one;
}

function found<T>(key: string, usual: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof value !== typeof usual || value === null) return usual;
    return typeof usual === "object" ? { ...usual, ...(value as T) } : (value as T);
  } catch {
    return usual;
  }
}
