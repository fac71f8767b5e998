/**
 * What waits to be drawn: bounded, whatever comes.
 *
 * A browser's WebSocket cannot be told to wait, and a terminal draws a few MiB a second. So when too much waits, the
 * oldest of it is let go: the terminal would have scrolled it away before anybody had read it. What was let go is
 * counted, and told at its place. (To connect anew, near the end, would lose the same bytes and the connection, too;
 * and the daemon keeps nothing more for a viewer who takes all that it sends.)
 */

/** Bytes that may wait, and that are kept when more do: as much as the lines that a terminal keeps have. */
export const MOST = 4 << 20;
export const KEPT = 1 << 20;

const NEWLINE = 10;

/** What is drawn: output, or in its place that there is none. */
export type Piece =
  | { kind: "output"; offset: number; data: Uint8Array }
  /** Lost by the server; it is not known how many lines that were. */
  | { kind: "gap"; bytes: number }
  /** Let go here. */
  | { kind: "skipped"; bytes: number; lines: number }
  /** Another stream begins. */
  | { kind: "reset" };

/** A queue of what comes. */
export class Flow {
  #pieces: Piece[] = [];
  #waiting = 0;
  /** How many bytes were let go since the beginning. */
  skipped = 0;

  constructor(
    public most = MOST,
    private kept = KEPT,
  ) {}

  /** How many bytes wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Add something at the end. */
  put(piece: Piece): void {
    this.#pieces.push(piece);
    if (piece.kind !== "output") return;
    this.#waiting += piece.data.length;
    if (this.#waiting > this.most) this.#letGo();
  }

  /** Take what comes next: of output at most so many bytes, and none beyond `until` if it begins before that. */
  take(most: number, until = Infinity): Piece | null {
    const piece = this.#pieces[0];
    if (piece === undefined) return null;
    if (piece.kind !== "output") {
      this.#pieces.shift();
      return piece;
    }
    const limit = piece.offset < until ? Math.min(most, until - piece.offset) : most;
    if (piece.data.length <= limit) {
      this.#pieces.shift();
      this.#waiting -= piece.data.length;
      return piece;
    }
    const data = piece.data.subarray(0, limit);
    this.#pieces[0] = { kind: "output", offset: piece.offset + limit, data: piece.data.subarray(limit) };
    this.#waiting -= limit;
    return { kind: "output", offset: piece.offset, data };
  }

  /** Put back what was taken last, which is no output. */
  unget(piece: Piece): void {
    this.#pieces.unshift(piece);
  }

  /** Forget everything that waits. */
  clear(): void {
    this.#pieces = [];
    this.#waiting = 0;
  }

  #letGo(): void {
    let bytes = 0;
    let lines = 0;
    let lost = 0;
    let anew = false;
    while (this.#waiting > this.kept) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      if (piece.kind === "output") {
        this.#waiting -= piece.data.length;
        // From the beginning of a line on, if there is one in what is kept of this piece.
        const over = piece.data.length - Math.max(0, this.kept - this.#waiting);
        const end = over >= piece.data.length ? -1 : piece.data.indexOf(NEWLINE, Math.max(0, over - 1));
        const gone = end < 0 ? piece.data : piece.data.subarray(0, end + 1);
        bytes += gone.length;
        lines += linesIn(gone);
        if (gone.length < piece.data.length) {
          const rest = { ...piece, offset: piece.offset + gone.length, data: piece.data.subarray(gone.length) };
          this.#pieces.unshift(rest);
          this.#waiting += rest.data.length;
          break;
        }
      } else if (piece.kind === "skipped") {
        bytes += piece.bytes;
        lines += piece.lines;
      } else if (piece.kind === "gap") {
        lost += piece.bytes;
      } else {
        anew = true;
        bytes = lines = lost = 0;
      }
    }
    const before: Piece[] = [];
    if (anew) before.push({ kind: "reset" });
    if (lost > 0) before.push({ kind: "gap", bytes: lost });
    before.push({ kind: "skipped", bytes, lines });
    this.skipped += bytes;
    this.#pieces.unshift(...before);
  }
}

function linesIn(data: Uint8Array): number {
  let count = 0;
  for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
