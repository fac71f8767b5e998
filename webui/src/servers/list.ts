/** The list of servers as the person has it: filtered, ordered, and some of them selected. It lasts with the page. */

import { computed, effect, signal } from "@preact/signals";
import { store } from "../live/store";
import { arranged, clicked, type Order, orderFrom, orderText, type Show, shows, type Sort } from "./order";

const KEY = "holdfast.servers.order";

export const filter = signal("");
export const show = signal<Show>("all");
export const order = signal<Order>(remembered());
export const selected = signal<ReadonlySet<string>>(new Set());

/** Order by a column, or turn that round; the browser remembers it. */
export function orderBy(by: Sort): void {
  order.value = clicked(order.value, by);
  try {
    localStorage.setItem(KEY, orderText(order.value));
  } catch {
    // A private window: then it holds until the page is closed.
  }
}

function remembered(): Order {
  try {
    return orderFrom(localStorage.getItem(KEY));
  } catch {
    return orderFrom(null);
  }
}

/** Follows changes of servers, once a frame: a thousand of them that stop at once are one piece of work. */
const settled = signal(0);
let asked = false;
effect(() => {
  void store.turn.value;
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    settled.value = store.turn.peek();
  });
});

/** How many there are of each kind. */
export const counts = computed(() => {
  void settled.value;
  const found: Record<Show, number> = { all: 0, up: 0, down: 0, crashed: 0 };
  for (const name of store.names.value ?? []) {
    const server = store.server(name)?.peek();
    if (server === undefined) continue;
    for (const kind of ["all", "up", "down", "crashed"] as const) {
      if (shows(kind, server)) found[kind] += 1;
    }
  }
  return found;
});

const again = signal(0);
/** Whether somebody points at the list: rows must not move away from under the pointer. */
let held = false;

/** Keep rows where they are, or let them go to where they belong. */
export function hold(is: boolean): void {
  held = is;
  if (!is) again.value += 1;
}

/** Order by what has been measured since, unless rows are held. */
export function rearrange(): void {
  const { by } = order.peek();
  if (!held && (by === "cpu" || by === "memory")) again.value += 1;
}

let before: readonly string[] = [];

/** The names to show, in their order. */
export const shownNames = computed((): readonly string[] => {
  void settled.value;
  void again.value;
  const entries = (store.names.value ?? []).flatMap((name) => {
    const server = store.server(name)?.peek();
    const { cpu, memory } = store.usage(name).peek();
    return server === undefined ? [] : [{ name, server, cpu, memory }];
  });
  let names = arranged(entries, order.value, show.value, filter.value);
  if (held && order.value.by !== "name" && asBefore === orderText(order.value)) names = keeping(before, names);
  asBefore = orderText(order.value);
  // The same list is the same value, so that nobody draws it anew.
  if (names.length !== before.length || names.some((name, at) => name !== before[at])) before = names;
  return before;
});
let asBefore = "";

/** Return the new names with those that were there before in their old order, and the others behind them. */
export function keeping(old: readonly string[], names: readonly string[]): string[] {
  const there = new Set(names);
  const kept = old.filter((name) => there.delete(name));
  return [...kept, ...names.filter((name) => there.has(name))];
}

/** Those of the selected that are still there. */
export const selection = computed(() => {
  const all = new Set(store.names.value ?? []);
  return [...selected.value].filter((name) => all.has(name));
});

/** Select or deselect some. */
export function select(names: readonly string[], is: boolean): void {
  const now = new Set(selected.value);
  for (const name of names) is ? now.add(name) : now.delete(name);
  selected.value = now;
}
