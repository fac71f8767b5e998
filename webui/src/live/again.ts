/** What is asked once and then kept up by events has to be asked anew when the stream was cut: events were missed. */

import { useEffect, useRef } from "preact/hooks";
import { connection } from "./stream";

/**
 * Call `ask` each time that the stream is back after it was cut. `fromStart`: also when it opens for the first time, for
 * what happened between a first answer and that is told by neither.
 */
export function useBack(ask: () => unknown, fromStart = false): void {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    let cut = fromStart && connection.peek().state !== "open";
    return connection.subscribe(({ state }) => {
      if (state === "cut") cut = true;
      if (state !== "open" || !cut) return;
      cut = false;
      void latest.current();
    });
  }, []);
}
