/** Which servers a list shows, and in which order. */

import type { Server } from "../live/types";

export const SORTS = ["name", "state", "cpu", "memory"] as const;
export const SHOWS = ["all", "up", "down", "crashed"] as const;

export type Sort = (typeof SORTS)[number];
export type Show = (typeof SHOWS)[number];

/** How a list is ordered; down is the largest first (of names: the last). */
export interface Order {
  by: Sort;
  down: boolean;
}

export const USUAL: Order = { by: "name", down: false };

/** What order and filters look at. */
export interface Entry {
  name: string;
  server: Pick<Server, "state">;
  cpu: number;
  memory: number;
}

/** Those that need somebody come first. */
const URGENCY = ["failed", "backoff", "stopping", "starting", "running", "stopped"];

/** Tell whether a state is among those that are shown; one that waits for a restart has crashed. */
export function shows(show: Show, { state }: Pick<Server, "state">): boolean {
  const crashed = state === "failed" || state === "backoff";
  switch (show) {
    case "all":
      return true;
    case "up":
      return state === "running" || state === "starting" || state === "stopping";
    case "crashed":
      return crashed;
    case "down":
      return state === "stopped" || state === "failed";
  }
}

/** Tell whether a name fits: it has all the words in it, in whatever case. */
export function fits(name: string, filter: string): boolean {
  const low = name.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => low.includes(word));
}

/** Return the names to show, in their order; equal ones go by name. */
export function arranged(entries: readonly Entry[], order: Order, show: Show, filter: string): string[] {
  const shown = entries.filter((one) => shows(show, one.server) && fits(one.name, filter));
  const sign = order.down ? -1 : 1;
  const compare = comparison[order.by];
  return shown
    .sort((one, other) => sign * compare(one, other) || collator.compare(one.name, other.name))
    .map((one) => one.name);
}

/** `mc-10` comes behind `mc-9`. */
const collator = new Intl.Collator(undefined, { numeric: true });

const comparison: Readonly<Record<Sort, (one: Entry, other: Entry) => number>> = {
  name: (one, other) => collator.compare(one.name, other.name),
  state: (one, other) => URGENCY.indexOf(one.server.state) - URGENCY.indexOf(other.server.state),
  cpu: (one, other) => one.cpu - other.cpu,
  memory: (one, other) => one.memory - other.memory,
};

/** Return what a click on a column makes of the order: numbers begin with the largest. */
export function clicked(order: Order, by: Sort): Order {
  return order.by === by ? { by, down: !order.down } : { by, down: by === "cpu" || by === "memory" };
}

/** Return an order as it was remembered, or the usual one. */
export function orderFrom(text: string | null): Order {
  const [by, down] = (text ?? "").split(" ");
  const known = SORTS.find((one) => one === by);
  return known === undefined ? USUAL : { by: known, down: down === "down" };
}

/** Return an order as it is remembered. */
export function orderText({ by, down }: Order): string {
  return down ? `${by} down` : by;
}
