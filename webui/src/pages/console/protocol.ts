/**
 * One console's side of `console-v3` (docs/api.md), without a connection: what comes, what goes, and where to go on.
 *
 * Rules:
 * - One number is the position: what is shown begins right there. Output that does not begin there is a fault of the
 *   other side: it is not shown, so nothing can come twice.
 * - What is not there any more is told as a gap, also if it was lost while nobody was connected.
 * - A line is answered by `taken` or a `notice` with its id. Those that were not when the connection was cut are told as
 *   `unsure`: they are not sent again, since a command that is carried out twice may do harm.
 * - The close codes say what to do next.
 */

export const NAME = "console-v3";

/** Bytes of a line, as it is sent. */
export const MOST_LINE = 1_000_000;

/** Bytes of keys that are sent at once. */
export const MOST_BYTES = 64 * 1024;

const AT_ONCE = 8;

export interface Size {
  rows: number;
  columns: number;
}

export interface Settings {
  type: "settings";
  readOnly: boolean;
  stream: string;
  /** Where output begins, and where it ended when this was told. */
  offset: number;
  end: number;
  terminal: Size | null;
}

/** How the server is; more is in the live store. */
export interface ServerState {
  type: "state";
  state: string;
  status: number;
  reason: string;
  run: number;
  terminal: Size | null;
}

export type Heard =
  | Settings
  | ServerState
  | { type: "output"; offset: number; data: Uint8Array }
  | { type: "gap"; from: number; to: number }
  | { type: "reset"; stream: string; offset: number }
  | { type: "exit"; code: number | null; signal: string | number | null; ran: number }
  /** `line` is what was not taken, if it is about a line. */
  | { type: "notice"; message: string; id: string; kind: string; line: string | null }
  | { type: "taken"; id: string }
  | { type: "error"; message: string };

/** What a close means: come back (at once, later), log in first, or not at all and why. */
export type Closed =
  | { then: "return" }
  | { then: "wait"; why: string }
  | { then: "login" }
  | { then: "end"; kind: "not-permitted" | "removed" | "refused"; why: string };

/** The other side has said what can mean nothing. */
export class Nonsense extends Error {}

/** Where a viewer is, and what the messages mean. */
export class ConsoleProtocol {
  settings: Settings | null = null;
  /** Whether there is no settings message yet on this connection. */
  #new = true;
  #why = "";
  #count = 0;
  #unanswered = new Map<string, string>();

  /** Begin at a byte of a stream, or without one with the latest lines. */
  constructor(
    public position: number | null = null,
    public stream = "",
  ) {}

  /** What to ask for in the query. */
  get query(): Record<string, string | number | undefined> {
    return this.position === null ? {} : { since: this.position, stream: this.stream || undefined };
  }

  /** How many lines were sent and not answered yet. */
  get waiting(): number {
    return this.#unanswered.size;
  }

  /** A connection was made; throws `Nonsense` if the other side does not speak this. */
  opened(protocol: string): void {
    if (protocol !== NAME) throw new Nonsense(`it does not speak ${NAME}`);
    this.#new = true;
    this.#why = "";
  }

  /** Take a message, and return what it means; throws `Nonsense`. */
  hear(message: string | ArrayBuffer): Heard[] {
    if (typeof message !== "string") return this.#output(message);
    const said = told(message);
    switch (said["type"]) {
      case "settings":
        return this.#begun(said as unknown as Settings);
      case "reset": {
        const reset = { type: "reset" as const, stream: text(said["stream"]), offset: whole(said["offset"]) };
        this.position = reset.offset;
        this.stream = reset.stream;
        return [reset];
      }
      case "gap": {
        const gap = { type: "gap" as const, from: whole(said["from"]), to: whole(said["to"]) };
        this.position = gap.to;
        return [gap];
      }
      case "taken":
        this.#unanswered.delete(text(said["id"]));
        return [{ type: "taken", id: text(said["id"]) }];
      case "notice": {
        const id = text(said["id"]);
        const line = this.#unanswered.get(id) ?? null;
        this.#unanswered.delete(id);
        return [{ type: "notice", message: text(said["message"]), id, kind: text(said["kind"]), line }];
      }
      case "error":
        this.#why = text(said["message"]);
        return [{ type: "error", message: this.#why }];
      case "state":
      case "exit":
        return [said as unknown as Heard];
      default:
        return []; // there will be more types
    }
  }

  /** Return what to do after the connection was closed. */
  closed(code: number, reason = ""): Closed {
    const why = this.#why || reason;
    switch (code) {
      case 4401:
        return { then: "login" };
      case 4403:
        return { then: "end", kind: "not-permitted", why };
      case 4404:
        return { then: "end", kind: "removed", why };
      case 4400:
        // The place is none: begin with the latest lines.
        this.position = null;
        return { then: "return" };
      case 4429:
      case 4503:
        return { then: "wait", why };
      default:
        if (code > 4404 && code < 4500) return { then: "end", kind: "refused", why };
        return { then: "return" };
    }
  }

  /** The connection is gone: return the lines about which nobody knows. */
  lost(): string[] {
    const lines = [...this.#unanswered.values()];
    this.#unanswered.clear();
    return lines;
  }

  /** Return the id of a line and the message that sends it; throws `Nonsense` if it is too long. */
  line(data: string): [string, string] {
    const id = this.#next();
    const message = JSON.stringify({ type: "input", data: wellFormed(data), id });
    if (message.length > MOST_LINE || new TextEncoder().encode(message).length > MOST_LINE) {
      throw new Nonsense(`a line may have ${MOST_LINE} bytes`);
    }
    this.#unanswered.set(id, data);
    return [id, message];
  }

  /** Return the id of a mark and the message that sets it: it is answered when all before it was given. */
  mark(): [string, string] {
    const id = this.#next();
    return [id, JSON.stringify({ type: "mark", id })];
  }

  /** Return a message that says that we are there. */
  ping(): string {
    return '{"type":"ping"}';
  }

  /** Return the message that makes the terminal that large; null if none is. */
  resizing(rows: number, columns: number): string | null {
    const fits = [rows, columns].every((size) => Number.isInteger(size) && size >= 1 && size <= 1000);
    return fits ? JSON.stringify({ type: "resize", rows, columns }) : null;
  }

  #next(): string {
    this.#count += 1;
    return String(this.#count);
  }

  #output(message: ArrayBuffer): Heard[] {
    if (message.byteLength <= AT_ONCE) throw new Nonsense("a message has no output");
    const offset = Number(new DataView(message).getBigUint64(0));
    if (this.#new || offset !== this.position) {
      throw new Nonsense(`output came from byte ${offset}, not ${this.position}`);
    }
    const data = new Uint8Array(message, AT_ONCE);
    this.position = offset + data.length;
    return [{ type: "output", offset, data }];
  }

  #begun(settings: Settings): Heard[] {
    const { position, stream } = this;
    this.#new = false;
    this.settings = settings;
    this.position = whole(settings.offset);
    this.stream = text(settings.stream);
    // If this is another stream, a reset comes next.
    if (position === null || position >= settings.offset || (stream && stream !== settings.stream)) return [settings];
    return [settings, { type: "gap", from: position, to: settings.offset }];
  }
}

/** Return bytes in parts that fit into messages. */
export function partsOf(data: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += MOST_BYTES) parts.push(data.subarray(at, at + MOST_BYTES));
  return parts;
}

function told(message: string): Record<string, unknown> {
  try {
    const said: unknown = JSON.parse(message);
    if (typeof said === "object" && said !== null) return said as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Nonsense("a message is no JSON object");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Half of a surrogate pair is no text that UTF-8 could carry. */
function wellFormed(data: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(data));
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Nonsense("an offset is no whole number");
}
