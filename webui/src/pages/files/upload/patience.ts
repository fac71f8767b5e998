/** Waiting before something is tried again: less long if there is a sign that it may work now. */

import { Problem } from "../../../api/problem";
import { connection } from "../../../live/stream";
import { t } from "../../../strings";

/** Wait so many seconds, or until the machine is online or Holdfast is heard again; throws `Problem` if stopped. */
export function patience(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let since = connection.value.state;
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      unlisten();
      if (signal.aborted) reject(new Problem(t.problem.aborted, "aborted"));
      else resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
    const unlisten = connection.subscribe(({ state }) => {
      const before = since;
      since = state;
      if (state === "open" && before !== "open") setTimeout(end);
    });
    if (signal.aborted) end();
  });
}
