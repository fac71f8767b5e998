/**
 * What is different between two texts, by lines first: fast also where a text is large and the differences are far apart.
 *
 * Lines that stand once in each text and in the same order are taken to be the same lines; between them the shortest
 * way is looked for. Where that would take too long, all between two such lines is one difference.
 */

import { Change, presentableDiff } from "@codemirror/merge";

/** Lines from the first to before the last, counted from 0: those of the one text, and what the other has there. */
export interface LineChange {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

/** How many lines may be different between two that are the same. */
const FAR = 400;

/** Characters of a difference that is looked at letter by letter. */
const FINE = 4000;

/** Return what is different, in order; none of them touch. */
export function lineChanges(a: readonly string[], b: readonly string[]): LineChange[] {
  const found: LineChange[] = [];
  between(a, 0, a.length, b, 0, b.length, found);
  const joined: LineChange[] = [];
  for (const one of found) {
    const last = joined.at(-1);
    if (last !== undefined && last.toA === one.fromA && last.toB === one.fromB) {
      last.toA = one.toA;
      last.toB = one.toB;
    } else {
      joined.push({ ...one });
    }
  }
  return joined;
}

type Lines = readonly string[];

function between(a: Lines, fromA: number, toA: number, b: Lines, fromB: number, toB: number, out: LineChange[]): void {
  while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) {
    fromA += 1;
    fromB += 1;
  }
  while (fromA < toA && fromB < toB && a[toA - 1] === b[toB - 1]) {
    toA -= 1;
    toB -= 1;
  }
  if (fromA === toA && fromB === toB) return;
  if (fromA === toA || fromB === toB) {
    out.push({ fromA, toA, fromB, toB });
    return;
  }
  const same = anchors(a, fromA, toA, b, fromB, toB);
  if (same.length === 0) {
    shortest(a, fromA, toA, b, fromB, toB, out);
    return;
  }
  let [atA, atB] = [fromA, fromB];
  for (const [lineA, lineB] of [...same, [toA, toB] as const]) {
    between(a, atA, lineA, b, atB, lineB, out);
    [atA, atB] = [lineA + 1, lineB + 1];
  }
}

/** Return pairs of lines that stand once on each side, as many as stand in the same order. */
function anchors(a: Lines, fromA: number, toA: number, b: Lines, fromB: number, toB: number): (readonly [number, number])[] {
  const once = new Map<string, { a: number; b: number; count: number }>();
  for (let at = fromA; at < toA; at += 1) {
    const line = a[at] ?? "";
    const known = once.get(line);
    if (known === undefined) once.set(line, { a: at, b: -1, count: 1 });
    else known.count += 1;
  }
  for (let at = fromB; at < toB; at += 1) {
    const known = once.get(b[at] ?? "");
    if (known === undefined) continue;
    if (known.b >= 0) known.count += 1;
    known.b = at;
  }
  const pairs = [...once.values()].filter((one) => one.count === 1 && one.b >= 0).sort((one, other) => one.a - other.a);
  // The longest rising sequence, by the ends of those of each length.
  const ends: number[] = [];
  const before: number[] = [];
  pairs.forEach((pair, at) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] ?? 0]?.b ?? 0) < pair.b) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? (ends[low - 1] ?? -1) : -1;
    ends[low] = at;
  });
  const chosen: (readonly [number, number])[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) {
    const pair = pairs[at];
    if (pair !== undefined) chosen.push([pair.a, pair.b]);
  }
  return chosen.reverse();
}

/** Myers' way: for each number of differences, how far one comes on each diagonal. */
function shortest(a: Lines, fromA: number, toA: number, b: Lines, fromB: number, toB: number, out: LineChange[]): void {
  const [sizeA, sizeB] = [toA - fromA, toB - fromB];
  const most = Math.min(FAR, sizeA + sizeB);
  const offset = most + 1;
  const reached = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let count = 0; count <= most; count += 1) {
    trace.push(reached.slice());
    for (let k = -count; k <= count; k += 2) {
      const down = k === -count || (k !== count && (reached[offset + k - 1] ?? 0) < (reached[offset + k + 1] ?? 0));
      let x = down ? (reached[offset + k + 1] ?? 0) : (reached[offset + k - 1] ?? 0) + 1;
      while (x < sizeA && x - k < sizeB && x - k >= 0 && a[fromA + x] === b[fromB + x - k]) x += 1;
      reached[offset + k] = x;
      if (x >= sizeA && x - k >= sizeB) {
        walkBack(trace, count, offset, sizeA, sizeB, fromA, fromB, out);
        return;
      }
    }
  }
  out.push({ fromA, toA, fromB, toB });
}

function walkBack(trace: Int32Array[], last: number, offset: number, sizeA: number, sizeB: number, fromA: number, fromB: number, out: LineChange[]): void {
  const steps: LineChange[] = [];
  let [x, y] = [sizeA, sizeB];
  for (let count = last; count > 0; count -= 1) {
    const reached = trace[count] ?? new Int32Array();
    const k = x - y;
    const down = k === -count || (k !== count && (reached[offset + k - 1] ?? 0) < (reached[offset + k + 1] ?? 0));
    const before = down ? k + 1 : k - 1;
    const oldX = reached[offset + before] ?? 0;
    const oldY = oldX - before;
    const at = { fromA: fromA + oldX, fromB: fromB + oldY };
    steps.push(down ? { ...at, toA: at.fromA, toB: at.fromB + 1 } : { ...at, toA: at.fromA + 1, toB: at.fromB });
    [x, y] = [oldX, oldY];
  }
  out.push(...steps.reverse());
}

/** Return what is different as CodeMirror wants it: by characters, fine where that is quick. */
export function changes(a: string, b: string): Change[] {
  const [linesA, linesB] = [a.split("\n"), b.split("\n")];
  const [startsA, startsB] = [starts(linesA), starts(linesB)];
  return lineChanges(linesA, linesB).flatMap((one) => {
    let [fromA, toA] = [startsA[one.fromA] ?? 0, startsA[one.toA] ?? 0];
    let [fromB, toB] = [startsB[one.fromB] ?? 0, startsB[one.toB] ?? 0];
    // The last line has no line end: a difference that goes to the end of both ends one earlier; lines that are only
    // on one side there come with the line end before them.
    if (toA > a.length) {
      const shift = fromA > a.length || fromB > b.length ? 1 : 0;
      [fromA, toA, fromB, toB] = [fromA - shift, toA - 1, fromB - shift, toB - 1];
    }
    if (toA - fromA > FINE || toB - fromB > FINE || fromA === toA || fromB === toB) return [new Change(fromA, toA, fromB, toB)];
    const fine = presentableDiff(a.slice(fromA, toA), b.slice(fromB, toB), { scanLimit: 500 });
    return fine.map((each) => new Change(fromA + each.fromA, fromA + each.toA, fromB + each.fromB, fromB + each.toB));
  });
}

/** Where each line begins, and one behind the last. */
function starts(lines: Lines): number[] {
  const found = [0];
  for (const line of lines) found.push((found.at(-1) ?? 0) + line.length + 1);
  return found;
}
