/**
 * Columns of measurements, as graphs take them: lists of one length, the first of which are moments (Unix seconds).
 * Null is a gap.
 */

export type Column = readonly (number | null)[];

/** Columns by name; `time` is there in any case. */
export type Columns = Readonly<Record<string, Column>> & { readonly time: Column };

/** The moments, and a list for each line. */
export type Plotted = [number[], ...(number | null)[][]];

/** Seconds between two measurements beyond which something was not measured, as a multiple of what is usual there. */
const HOLE = 3;

/**
 * Return the columns of these names for a graph; one that is missing is all gaps.
 *
 * A row of nulls in the answer is a gap, and so is a longer silence: a row of nulls is put there.
 */
export function plotted(columns: Columns, names: readonly string[], from = -Infinity, to = Infinity): Plotted {
  const times: number[] = [];
  const lines: (number | null)[][] = names.map(() => []);
  const source = names.map((name) => columns[name]);
  let before: number | null = null;
  let step = 0;
  columns.time.forEach((time, at) => {
    if (time === null) return;
    // One beyond each edge, so that lines go on to it.
    const next = columns.time[at + 1];
    const previous = columns.time[at - 1];
    if (next != null && next < from) return;
    if (previous != null && previous > to) return;
    if (before !== null) {
      const silence = time - before;
      if (step > 0 && silence > HOLE * Math.max(step, stepAt(columns.time, at))) {
        times.push(before + step);
        for (const line of lines) line.push(null);
      }
      step = silence;
    }
    before = time;
    times.push(time);
    lines.forEach((line, one) => line.push(source[one]?.[at] ?? null));
  });
  return [times, ...lines];
}

/** Seconds to the row behind one: what is older has longer steps than what is new. */
function stepAt(times: Column, at: number): number {
  const here = times[at];
  const next = times[at + 1];
  return here != null && next != null ? next - here : 0;
}

/** A row that has just been measured, by column. */
export type Row = Readonly<Record<string, number | null>>;

export interface Appending {
  /** Seconds of a row: what is measured sooner than that replaces the row before it. */
  step: number;
  /** Seconds that are kept. */
  keep: number;
  /** Whether it has nothing to do with the row before it. */
  anew?: boolean;
}

/**
 * Return the columns with a row behind them, and without what is too old; what is older than the latest changes nothing.
 *
 * A column that the row does not have gets a null; of a `…Max` it gets the larger one of those it replaces.
 */
export function appended(columns: Columns, at: number, row: Row, { step, keep, anew = false }: Appending): Columns {
  const times = columns.time;
  const count = times.length;
  const last = times[count - 1] ?? null;
  if (last !== null && at <= last) return columns;
  // A slot of time has one row: the latest in it.
  const slot = (moment: number) => Math.floor(moment / step);
  const base = times[count - 2] ?? null;
  const replaces = !anew && last !== null && base !== null && slot(last) === slot(at) && columns["cpu"]?.[count - 1] != null;
  const silent = last !== null && at - last > HOLE * Math.max(step, base === null ? 0 : last - base);
  const gap = last !== null && (anew || silent);
  let first = 0;
  while (first < count && (times[first] ?? 0) < at - keep) first += 1;
  const end = replaces ? count - 1 : count;
  const made: Record<string, (number | null)[]> = {};
  for (const [name, column] of Object.entries(columns)) {
    const list = column.slice(first, end);
    if (gap) list.push(name === "time" ? Math.min(at, (last ?? at) + 1) : null);
    const value = name === "time" ? at : valueOf(row, name);
    const replaced = replaces && name.endsWith("Max") ? (column[count - 1] ?? null) : null;
    list.push(replaced !== null && value !== null ? Math.max(replaced, value) : value);
    made[name] = list;
  }
  return made as unknown as Columns;
}

function valueOf(row: Row, name: string): number | null {
  return row[name] ?? row[name.replace(/Max$/, "")] ?? null;
}

/** Return the columns with later ones behind them, and without what is too old. */
export function joined(columns: Columns, later: Columns, keep: number): Columns {
  const last = columns.time.at(-1) ?? -Infinity;
  const latest = later.time.at(-1) ?? last;
  const first = columns.time.findIndex((time) => (time ?? 0) >= latest - keep);
  const begin = later.time.findIndex((time) => time !== null && time > last);
  if (begin < 0) return columns;
  const made: Record<string, (number | null)[]> = {};
  for (const [name, column] of Object.entries(columns)) {
    const more = later[name]?.slice(begin) ?? Array<null>(later.time.length - begin).fill(null);
    made[name] = [...(first < 0 ? [] : column.slice(first)), ...more];
  }
  return made as unknown as Columns;
}

/** What there is to say of a line: its latest value, average and peak. */
export interface Summary {
  latest: number | null;
  average: number;
  peak: number;
  peakAt: number;
}

/** Sum up a line between two moments; null where nothing was measured. */
export function summary(times: readonly number[], line: Column, from = -Infinity, to = Infinity): Summary | null {
  let sum = 0;
  let weight = 0;
  let count = 0;
  let latest: number | null = null;
  let peak = -Infinity;
  let peakAt = 0;
  times.forEach((time, at) => {
    const value = line[at] ?? null;
    if (time < from || time > to || value === null) return;
    const next = times[at + 1];
    // Older rows stand for longer; of the last one nobody knows.
    const width = next === undefined ? 1 : Math.max(1, next - time);
    sum += value * width;
    weight += width;
    count += 1;
    latest = value;
    if (value > peak) [peak, peakAt] = [value, time];
  });
  if (count === 0) return null;
  return { latest, average: sum / weight, peak, peakAt };
}
