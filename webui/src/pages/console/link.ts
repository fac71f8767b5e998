/**
 * The connection of a console: it comes back by itself and goes on at the next byte.
 *
 * It pings, since the daemon closes what is silent for 30 s; and what says nothing for longer than that is dead,
 * whatever the socket says. After a cut it tries again soon, then more slowly, and at once when the machine is online
 * again or the page is looked at again.
 */

import { ConsoleProtocol, type Heard, NAME, Nonsense, partsOf } from "./protocol";

/** Seconds. */
const PING = 15;
const DEAF = 40;
const FIRST = 0.2;
const LONGEST = 10;
/** After a refusal that may be over in a moment, such as too many viewers. */
const BUSY = 5;

/** How the connection is; `since` is when that began, in milliseconds since 1970. */
export type LinkState =
  | { is: "connecting" | "open" | "cut" | "login"; since: number; why: string }
  | { is: "ended"; since: number; why: string; kind: "not-permitted" | "removed" | "refused" };

export interface LinkOptions {
  url: (query: Record<string, string | number | undefined>) => string;
  heard: (event: Heard) => void;
  changed: (state: LinkState) => void;
  /** Lines about which nobody knows. */
  unsure: (lines: string[]) => void;
  /** Asks the person to log in again; rejects if he will not. */
  logIn: () => Promise<void>;
  /** Finds out why a handshake failed: a browser does not tell. Resolves to whether one must log in. */
  check: () => Promise<boolean>;
}

/** A connection that is wanted until `close`. */
export class Link {
  protocol = new ConsoleProtocol();
  #socket: WebSocket | null = null;
  #wanted = true;
  #pause = FIRST;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #state: LinkState = { is: "connecting", since: Date.now(), why: "" };
  readonly #hurry = (): void => {
    if (document.visibilityState === "visible" && this.#state.is === "cut") this.#connect();
  };

  constructor(private readonly options: LinkOptions) {
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  get open(): boolean {
    return this.#state.is === "open";
  }

  /** End it. */
  close(): void {
    this.#wanted = false;
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#drop();
  }

  /** Begin anew, at a byte of the stream; null for the latest lines. */
  restart(since: number | null): void {
    const { stream } = this.protocol;
    this.#drop();
    this.#lost();
    this.protocol = new ConsoleProtocol(since, since === null ? "" : stream);
    this.#pause = FIRST;
    this.#tell("connecting", "");
    this.#connect();
  }

  /** Try again, also after an end. */
  retry(): void {
    if (this.#socket !== null && this.#state.is === "open") return;
    this.#drop();
    this.#pause = FIRST;
    this.#tell("connecting", "");
    this.#connect();
  }

  /** Send a line; returns its id, or null if there is no connection. Throws `Nonsense` if it is too long. */
  line(text: string): string | null {
    if (!this.open) return null;
    const [id, message] = this.protocol.line(text);
    this.#socket?.send(message);
    return id;
  }

  /** Send keys; returns the id of a mark behind them if `marked`. */
  keys(data: Uint8Array, marked = false): string | null {
    if (!this.open) return null;
    for (const part of partsOf(data)) this.#socket?.send(part as Uint8Array<ArrayBuffer>);
    if (!marked) return null;
    const [id, message] = this.protocol.mark();
    this.#socket?.send(message);
    return id;
  }

  /** Make the terminal that large. */
  resize(rows: number, columns: number): void {
    const message = this.protocol.resizing(rows, columns);
    if (message !== null && this.open) this.#socket?.send(message);
  }

  #connect(): void {
    clearTimeout(this.#timer);
    if (!this.#wanted || this.#socket !== null) return;
    const one = new WebSocket(this.options.url(this.protocol.query), [NAME]);
    one.binaryType = "arraybuffer";
    this.#socket = one;
    this.#listen(one);
    one.onopen = () => this.#try(one, () => this.protocol.opened(one.protocol));
    one.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== one) return;
      this.#listen(one);
      this.#try(one, () => {
        for (const heard of this.protocol.hear(event.data)) {
          if (heard.type === "settings") this.#begun(one);
          this.options.heard(heard);
        }
      });
    };
    one.onclose = (event) => {
      if (this.#socket === one) void this.#closed(event.code, event.reason);
    };
  }

  #begun(one: WebSocket): void {
    this.#pause = FIRST;
    this.#tell("open", "");
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => one.send(this.protocol.ping()), PING * 1000);
  }

  #try(one: WebSocket, act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (!(thrown instanceof Nonsense)) throw thrown;
      // What makes no sense is not shown. Come back at our place: from there on it may.
      one.onclose = null;
      one.close();
      if (this.#socket === one) void this.#closed(1006, thrown.message);
    }
  }

  #listen(one: WebSocket): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      one.onclose = null;
      one.close();
      if (this.#socket === one) void this.#closed(1006, "");
    }, DEAF * 1000);
  }

  async #closed(code: number, reason: string): Promise<void> {
    const was = this.#state.is;
    this.#drop();
    this.#lost();
    const closed = this.protocol.closed(code, reason);
    switch (closed.then) {
      case "login":
        this.#tell("login", "");
        return this.#afterLogin();
      case "end":
        this.#state = { is: "ended", since: Date.now(), why: closed.why, kind: closed.kind };
        this.options.changed(this.#state);
        return;
      case "wait":
        this.#tell("cut", closed.why);
        return this.#later(BUSY);
      default:
        this.#tell("cut", "");
        // Where there was no connection, the session may have ended while we were away.
        if (was !== "open" && (await this.options.check().catch(() => false))) return this.#afterLogin();
        return this.#later(this.#pause);
    }
  }

  async #afterLogin(): Promise<void> {
    try {
      await this.options.logIn();
    } catch {
      return;
    }
    this.#connect();
  }

  #later(seconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#wanted) return;
    // Not all pages at the same moment, when the daemon is back.
    this.#timer = setTimeout(() => this.#connect(), seconds * 1000 * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST);
  }

  #lost(): void {
    const lines = this.protocol.lost();
    if (lines.length > 0) this.options.unsure(lines);
  }

  #tell(is: "connecting" | "open" | "cut" | "login", why: string): void {
    if (this.#state.is === is && this.#state.why === why) return;
    // It has been cut since it was cut, however often we have tried.
    this.#state = { is, since: Date.now(), why };
    this.options.changed(this.#state);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    clearInterval(this.#pinging);
    const one = this.#socket;
    this.#socket = null;
    if (one === null) return;
    one.onopen = one.onmessage = one.onclose = null;
    one.close();
  }
}
