/** What happens, event by event. */

import { useEffect, useRef } from "preact/hooks";
import { type Store, store } from "./store";
import type { Happening } from "./types";

/**
 * Call a listener for each event from now on; returns what ends that. An effect of a component would not do: it runs once
 * for all that comes within a frame, and would see the last of them only.
 */
export function follow(of: Store, listener: (event: Happening) => void): () => void {
  const before = of.happened.peek();
  return of.happened.subscribe((event) => {
    if (event !== null && event !== before) listener(event);
  });
}

/** Call `listener` for each event for as long as what calls this is drawn. */
export function useHappenings(listener: (event: Happening) => void): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => follow(store, (event) => latest.current(event)), []);
}
