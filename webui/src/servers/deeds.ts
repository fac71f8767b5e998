/** What can be done with a server, as it is just now. */

import type { Server } from "../live/types";

export type Deed = "start" | "stop" | "restart" | "kill" | "pause" | "resume";

/** What is offered. `stopping`: it has been asked to stop, and to ask again means to kill it. */
export interface Offer {
  start: boolean;
  stop: boolean;
  stopping: boolean;
  restart: boolean;
  kill: boolean;
  pause: boolean;
  resume: boolean;
  signal: boolean;
}

type Seen = Pick<Server, "state" | "paused" | "next" | "pid" | "toDelete">;

/** Return what is offered. */
export function offered({ state, paused, next, pid, toDelete }: Seen): Offer {
  const up = state === "starting" || state === "running";
  const waits = state === "stopped" && next?.action === "start";
  return {
    // One that is removed is gone before it could be started.
    start: !up && state !== "stopping" && !waits && toDelete !== true,
    stop: up || waits || state === "backoff",
    stopping: state === "stopping",
    restart: up && toDelete !== true,
    kill: up || state === "stopping",
    pause: state === "running" && !paused,
    resume: paused,
    signal: pid !== null && (up || state === "stopping"),
  };
}

/** Tell whether a deed would take something from somebody, so that one is asked before. */
export function hurts(deed: Deed, state: Server["state"]): boolean {
  if (deed === "kill") return true;
  return (deed === "stop" || deed === "restart") && (state === "running" || state === "starting" || state === "stopping");
}

/** Return those of several for whom a deed is something. */
export function concerned(deed: Deed, servers: ReadonlyMap<string, Seen>): string[] {
  return [...servers].filter(([, server]) => offered(server)[deed]).map(([name]) => name);
}

/** Do something for many, so many at a time; returns what went wrong, by name. */
export async function forAll(
  names: readonly string[],
  act: (name: string) => Promise<void>,
  atOnce = 8,
): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>();
  const queue = [...names];
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      try {
        await act(name);
      } catch (thrown) {
        failed.set(name, thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, work));
  return failed;
}
