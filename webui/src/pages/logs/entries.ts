/** The lines of an answer as they come: lines of JSON, in pieces that end anywhere. */

/** One line of a log. */
export interface Row {
  /** Unix seconds; null where nobody knows. */
  time: number | null;
  stream: string;
  offset: number;
  /** Where the next line begins. */
  end: number;
  line: string;
  /** Whether the log itself says this, such as that output is missing. */
  notice: boolean;
}

/** What comes: a line, or how far it is. */
export type Entry = Row | { mark: true; stream: string; end: number };

/** Puts an answer together. */
export class Entries {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Take a piece; return what is whole now. */
  take(piece: Uint8Array): Entry[] {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.map(entryOf).filter((entry) => entry !== null);
  }
}

function entryOf(text: string): Entry | null {
  if (text === "") return null;
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { stream, end, line, offset, time } = told;
  if (typeof stream !== "string" || typeof end !== "number") return null;
  if (typeof line !== "string" || typeof offset !== "number") return { mark: true, stream, end };
  return { time: typeof time === "number" ? time : null, stream, offset, end, line, notice: told["notice"] === true };
}

/** Tell whether two are the same line. */
export function same(one: Row, other: Pick<Row, "stream" | "end"> & Partial<Row>): boolean {
  return (
    one.stream === other.stream &&
    one.end === other.end &&
    (other.offset === undefined || one.offset === other.offset) &&
    (other.notice === undefined || one.notice === other.notice)
  );
}
