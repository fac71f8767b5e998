/** How far a console was read, by the rules of `console-v3` (docs/api.md). */

/** Where we are in which stream. */
export class Position {
  #stream = "";
  #at: number | undefined;

  /** The query with which to come back. */
  get query(): { since: number | undefined; stream: string | undefined } {
    return { since: this.#at, stream: this.#at === undefined ? undefined : this.#stream };
  }

  /** Take a text message; returns what it means for whoever looks. */
  told(message: Readonly<Record<string, unknown>>): { gap: number } | "reset" | undefined {
    const { type, stream, offset } = message;
    if (type === "settings") {
      const other = this.#at !== undefined && stream !== this.#stream;
      this.#begin(stream, offset);
      return other ? "reset" : undefined;
    }
    if (type === "reset") {
      this.#begin(stream, offset);
      return "reset";
    }
    if (type === "gap" && typeof message["from"] === "number" && typeof message["to"] === "number") {
      this.#at = message["to"];
      return { gap: message["to"] - message["from"] };
    }
    return undefined;
  }

  /** Take a binary message; returns its output. */
  came(data: ArrayBuffer): Uint8Array {
    const output = new Uint8Array(data, 8);
    this.#at = Number(new DataView(data).getBigUint64(0)) + output.length;
    return output;
  }

  #begin(stream: unknown, offset: unknown): void {
    this.#stream = typeof stream === "string" ? stream : "";
    this.#at = typeof offset === "number" ? offset : undefined;
  }
}
