/**
 * Two changes of one text, joined: what each has changed elsewhere is taken from both, by whole lines.
 *
 * Where both have changed the same lines, or lines that touch, ours are kept and the place is told: a person decides.
 */

import { Text } from "@codemirror/state";
import { lineChanges } from "./linediff";

export interface Merged {
  text: Text;
  /** Where both have changed, as lines of the text, from the first to before the last, counted from 0. */
  conflicts: readonly { from: number; to: number }[];
}

/** Lines of the base, from the first to before the last, and what stands there now. */
interface Change {
  from: number;
  to: number;
  lines: readonly string[];
}

/** Join what has become of `base`. */
export function merge(base: Text, mine: Text, theirs: Text): Merged {
  const ours = changesOf(base, mine);
  const others = changesOf(base, theirs);
  const old = base.toJSON();
  const out: string[] = [];
  const conflicts: { from: number; to: number }[] = [];
  let at = 0;
  for (let i = 0, j = 0; i < ours.length || j < others.length; ) {
    const from = Math.min(ours[i]?.from ?? Infinity, others[j]?.from ?? Infinity);
    let to = from;
    const firsts: [number, number] = [i, j];
    // All that touches what is touched.
    for (let grew = true; grew; ) {
      grew = false;
      for (let one = ours[i]; one !== undefined && one.from <= to; one = ours[(i += 1)]) {
        to = Math.max(to, one.to);
        grew = true;
      }
      for (let one = others[j]; one !== undefined && one.from <= to; one = others[(j += 1)]) {
        to = Math.max(to, one.to);
        grew = true;
      }
    }
    append(out, old, at, from);
    const kept = applied(old, ours.slice(firsts[0], i), from, to);
    const other = applied(old, others.slice(firsts[1], j), from, to);
    if (i === firsts[0]) {
      append(out, other);
    } else {
      if (j > firsts[1] && kept.join("\n") !== other.join("\n")) {
        conflicts.push({ from: out.length, to: out.length + kept.length });
      }
      append(out, kept);
    }
    at = to;
  }
  append(out, old, at);
  return { text: Text.of(out.length > 0 ? out : [""]), conflicts };
}

function applied(old: readonly string[], changes: readonly Change[], from: number, to: number): string[] {
  const out: string[] = [];
  let at = from;
  for (const change of changes) {
    append(out, old, at, change.from);
    append(out, change.lines);
    at = change.to;
  }
  append(out, old, at, to);
  return out;
}

/** As `push(...lines)`, which is an error for many. */
function append(out: string[], lines: readonly string[], from = 0, to = lines.length): void {
  for (let at = from; at < to; at += 1) out.push(lines[at] ?? "");
}

function changesOf(base: Text, other: Text): Change[] {
  const lines = other.toJSON();
  return lineChanges(base.toJSON(), lines).map(({ fromA, toA, fromB, toB }) => ({
    from: fromA,
    to: toA,
    lines: lines.slice(fromB, toB),
  }));
}
