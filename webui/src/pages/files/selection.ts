/**
 * Which rows are chosen, and which has the focus: as in every file manager.
 *
 * The anchor is where a range begins; the focus where it ends. All are keys of rows, so that they survive a new listing.
 */

export interface Selection {
  chosen: ReadonlySet<string>;
  focus: string | null;
  anchor: string | null;
}

export const NONE: Selection = { chosen: new Set(), focus: null, anchor: null };

/** What was held down. */
export interface Held {
  shift: boolean;
  ctrl: boolean;
}

/** Return what a click on a row makes of it. */
export function clicked(before: Selection, keys: readonly string[], key: string, held: Held): Selection {
  if (held.shift) return ranged(before, keys, key, held.ctrl);
  if (held.ctrl) return toggled(before, key);
  return { chosen: new Set([key]), focus: key, anchor: key };
}

/** Return the same with a row chosen, or not any more. */
export function toggled(before: Selection, key: string): Selection {
  const chosen = new Set(before.chosen);
  if (!chosen.delete(key)) chosen.add(key);
  return { chosen, focus: key, anchor: key };
}

/** Where the focus shall go: by so many rows, or to an end. */
export type Move = number | "first" | "last";

/** Return what moving makes of it: alone the row is chosen, with Ctrl only the focus moves, with Shift a range. */
export function moved(before: Selection, keys: readonly string[], move: Move, held: Held): Selection {
  if (keys.length === 0) return before;
  const last = keys.length - 1;
  const at = before.focus === null ? -1 : keys.indexOf(before.focus);
  let to: number;
  if (move === "first") to = 0;
  else if (move === "last") to = last;
  else if (at < 0) to = move > 0 ? 0 : last;
  else to = Math.min(last, Math.max(0, at + move));
  const key = keys[to] as string;
  if (held.shift) return ranged(before, keys, key, held.ctrl);
  if (held.ctrl) return { ...before, focus: key };
  return { chosen: new Set([key]), focus: key, anchor: key };
}

/** Return the selection with all rows in it. */
export function all(before: Selection, keys: readonly string[]): Selection {
  return { ...before, chosen: new Set(keys), focus: before.focus ?? keys[0] ?? null };
}

/** Return the selection with nothing in it; the focus stays. */
export function none(before: Selection): Selection {
  return { ...before, chosen: new Set(), anchor: before.focus };
}

/** Return what is left of it in a new listing: if the focus is gone, it goes to the row that took its place. */
export function kept(before: Selection, old: readonly string[], keys: readonly string[]): Selection {
  const there = new Set(keys);
  const chosen = new Set([...before.chosen].filter((key) => there.has(key)));
  let focus = before.focus;
  if (focus !== null && !there.has(focus)) {
    const at = old.indexOf(focus);
    const next = at < 0 ? undefined : [...old.slice(at), ...old.slice(0, at).reverse()].find((key) => there.has(key));
    focus = next ?? null;
  }
  const anchor = before.anchor !== null && there.has(before.anchor) ? before.anchor : focus;
  return { chosen, focus, anchor };
}

/** Return the row that typing leads to: the next one whose name begins so, from the focus on. */
export function typed(names: readonly string[], at: number, text: string): number {
  const wanted = text.toLowerCase();
  // The same letter again goes on to the next; a longer text may stay where it is.
  const first = text.length === 1 ? at + 1 : Math.max(0, at);
  for (let step = 0; step < names.length; step += 1) {
    const to = (first + step) % names.length;
    if (names[to]?.toLowerCase().startsWith(wanted)) return to;
  }
  return -1;
}

function ranged(before: Selection, keys: readonly string[], key: string, more: boolean): Selection {
  const anchor = before.anchor !== null && keys.includes(before.anchor) ? before.anchor : key;
  const [from, to] = [keys.indexOf(anchor), keys.indexOf(key)].sort((one, other) => one - other) as [number, number];
  const chosen = new Set(more ? before.chosen : []);
  for (const one of keys.slice(from, to + 1)) chosen.add(one);
  return { chosen, focus: key, anchor };
}
