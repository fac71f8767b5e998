/**
 * Parts of a log: its end, what lies before a line, behind it, around it.
 *
 * The API tells the last lines before a moment, and all that follow a line. Moments are known to the second, so what it
 * tells before a line's moment is looked through for the line; if that is not among them, more are asked for. What
 * follows is read for as long as it is wanted: an answer that nobody reads on costs nobody anything.
 */

import type { Query } from "../../api/base";
import { Entries, type Row, same } from "./entries";
import type { Spot } from "./asked";

/** Asks for the log, and gives the pieces of the answer; the signal ends it. */
export type Source = (query: Query, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

/** Lines that are asked for at once. */
export const PAGE = 500;
const MOST = 64_000;

/** What is before or behind: and whether that is all. */
export interface Part {
  rows: Row[];
  all: boolean;
}

/** What is before a line, and the line. */
export interface Before extends Part {
  line: Row;
}

/** Return the last lines. */
export async function latest(source: Source, query: Query, signal: AbortSignal): Promise<Part> {
  const rows = await read(source, { ...query, tail: PAGE }, signal);
  return { rows, all: rows.length < PAGE };
}

/** Return what lies before a line; null if the line is not there any more. */
export async function before(source: Source, query: Query, spot: Row | Spot, signal: AbortSignal): Promise<Before | null> {
  for (let count = PAGE * 2; ; count *= 4) {
    const tail = Math.min(count, MOST);
    // Just behind the line's moment: lines of the same second are among them.
    const until = spot.time === null ? query["until"] : spot.time + 0.001;
    const rows = await read(source, { ...query, until, tail }, signal);
    const at = rows.findLastIndex((row) => same(row, spot));
    const all = rows.length < tail;
    const line = rows[at];
    if (line !== undefined && (at >= PAGE || all || tail === MOST)) {
      const first = Math.max(0, at - PAGE);
      return { rows: rows.slice(first, at), all: all && first === 0, line };
    }
    if (all || tail === MOST) return null;
  }
}

/** Return what follows a line, at most so many lines. */
export async function behind(source: Source, query: Query, spot: Spot, most: number, signal: AbortSignal): Promise<Part> {
  const rows: Row[] = [];
  const enough = new AbortController();
  const stop = () => enough.abort();
  signal.addEventListener("abort", stop);
  try {
    const stream = await source({ ...query, after: `${spot.stream}:${spot.end}` }, enough.signal);
    for await (const entries of entriesOf(stream)) {
      for (const entry of entries) if (!("mark" in entry)) rows.push(entry);
      if (rows.length > most) return { rows: rows.slice(0, most), all: false };
    }
    return { rows, all: true };
  } finally {
    signal.removeEventListener("abort", stop);
    enough.abort();
  }
}

/** Give the entries of an answer as they come. */
export async function* entriesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<ReturnType<Entries["take"]>> {
  const entries = new Entries();
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield entries.take(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function read(source: Source, query: Query, signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const entries of entriesOf(await source(query, signal))) {
    for (const entry of entries) if (!("mark" in entry)) rows.push(entry);
  }
  return rows;
}
