/** A console that is looked at: the connection, the terminal, and what is typed, put together. */

import { batch, signal } from "@preact/signals";
import { account, findOut, logInAgain, presence } from "../../api/account";
import { serverPath, socketUrl } from "../../api/base";
import { light } from "../../theme";
import { History } from "./history";
import { Link, type LinkState } from "./link";
import { DARK, LIGHT } from "./palette";
import { preferences } from "./preferences";
import type { Heard, ServerState, Settings, Size } from "./protocol";
import { Screen } from "./screen";
import { Typing } from "./typing";

/** Bytes by which older output is read. */
const OLDER = 1 << 20;

/** Milliseconds after which a new size is told: who draws at the corner of a window makes many. */
const SETTLED = 120;

export class ConsoleModel {
  readonly link = signal<LinkState>({ is: "connecting", since: Date.now(), why: "" });
  readonly settings = signal<Settings | null>(null);
  readonly state = signal<ServerState | null>(null);
  /** Whether the end is seen, the beginning, and whether something has come below since. */
  readonly place = signal({ atEnd: true, atTop: false, news: false });
  /** Whether older output may be there; `loading` while it is read. */
  readonly older = signal<"maybe" | "loading" | "none">("maybe");
  readonly searching = signal(false);
  /** Whether the next key is taken with Ctrl, on a keyboard that has none. */
  readonly ctrl = signal(false);
  readonly typing = new Typing(() => this.#link);
  readonly history: History;
  readonly screen: Screen;
  /** What to do with a key that is pressed in the terminal, and is not for the program. */
  onKey: (event: KeyboardEvent) => boolean = () => true;
  /** Takes a text into the line that is typed, behind what stands there. */
  typeHere: (text: string) => void = () => undefined;
  readonly #link: Link;
  #run = -1;
  #news = false;
  /** Asked for older output than from `first`; up to `until` we had it. */
  #asked: { first: number; until: number } | null = null;
  /** Where the oldest byte was, when there was nothing older. */
  #exhausted: number | null = null;
  #settled: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly name: string) {
    this.history = new History(`holdfast.history.${account.value?.name ?? ""}.${name}`, storage());
    this.screen = new Screen({
      fontSize: preferences.value.fontSize,
      reader: preferences.value.reader,
      palette: light.value ? LIGHT : DARK,
      typed: (data) => this.#typed(data),
      drawn: () => this.#look(),
      key: (event) => this.onKey(event),
      torn: () => this.redraw(),
    });
    this.#link = new Link({
      url: (query) => socketUrl(serverPath(name, "console"), query),
      heard: (event) => this.#hear(event),
      changed: (state) => this.#changed(state),
      unsure: (lines) => this.typing.unsure(lines),
      logIn: logInAgain,
      check: async () => {
        await findOut();
        return presence.value === "expired";
      },
    });
  }

  /** Whether the server has no terminal. */
  get lines(): boolean {
    return this.settings.value === null || this.settings.value.terminal === null;
  }

  get mayType(): boolean {
    return this.settings.value?.readOnly === false;
  }

  /** Be done. */
  close(): void {
    clearTimeout(this.#settled);
    this.#link.close();
    this.screen.close();
  }

  /** Look where one types: at the terminal of a program, or at the line below. */
  focus(): void {
    if (this.lines) this.typeHere("");
    else this.screen.terminal.focus();
  }

  /** Try to connect now. */
  retry(): void {
    this.#link.retry();
  }

  /** Send lines, one after the other, as the program takes them; tells whether that has begun. */
  send(lines: readonly string[]): boolean {
    return this.mayType && this.typing.send(lines);
  }

  /** Send keys, such as those of the row below the terminal. */
  press(keys: string): void {
    this.#typed(new TextEncoder().encode(keys));
  }

  /** Read what the server still has of older output. */
  loadOlder(): void {
    const { position } = this.#link.protocol;
    if (this.older.value !== "maybe" || !this.#link.open || position === null) return;
    // Another connection: nobody would know what became of lines that are on the way.
    if (this.typing.waiting.value > 0) return;
    const first = this.screen.oldest ?? position;
    if (this.screen.full || first === 0) {
      this.older.value = "none";
      return;
    }
    this.older.value = "loading";
    this.#asked = { first, until: position };
    this.#link.restart(Math.max(0, first - OLDER));
  }

  /** Forget what is shown; what the server keeps can be loaded again. */
  clear(): void {
    this.screen.clear();
    this.older.value = "maybe";
  }

  /** Show the end, and follow it. */
  toEnd(): void {
    this.screen.terminal.scrollToBottom();
    this.#look();
  }

  /** There is another room for the terminal. */
  fit(): void {
    if (this.lines) {
      this.screen.resize(null);
      return;
    }
    clearTimeout(this.#settled);
    this.#settled = setTimeout(() => this.claim(), SETTLED);
  }

  /** Make the program's terminal as large as there is room here. */
  claim(): void {
    const room = this.screen.room();
    if (this.lines || room === null) return;
    const has = this.#size();
    if (this.mayType && this.state.value?.status === 1 && has !== null) {
      if (has.rows !== room.rows || has.columns !== room.columns) this.#link.resize(room.rows, room.columns);
    } else {
      this.screen.resize(has ?? room);
    }
  }

  /** Have the program draw anew: it does so when its size changes. */
  redraw(): void {
    const size = this.#size();
    if (this.lines || !this.mayType || size === null || this.state.value?.status !== 1) return;
    this.#link.resize(size.rows + 1, size.columns);
    this.#link.resize(size.rows, size.columns);
  }

  #size(): Size | null {
    return this.state.value?.terminal ?? this.settings.value?.terminal ?? null;
  }

  #hear(event: Heard): void {
    switch (event.type) {
      case "output":
        if (this.#asked !== null && !this.#isOlder(event.offset)) return;
        if (!this.place.value.atEnd) this.#news = true;
        return this.screen.put({ kind: "output", offset: event.offset, data: event.data });
      case "gap":
        // Asked for older output, we get what there is: before that nothing is missing which we had.
        if (this.#asked !== null) return;
        return this.screen.put({ kind: "gap", bytes: event.to - event.from });
      case "reset":
        this.older.value = "maybe";
        if (event.stream !== this.settings.peek()?.stream) this.screen.past = 0;
        if (this.screen.oldest !== null) this.screen.put({ kind: "reset" });
        return;
      case "settings":
        return this.#begun(event);
      case "state":
        return this.#stateChanged(event);
      case "taken":
        return this.typing.taken(event.id);
      case "notice":
        return this.typing.told(event.message, event.id, event.line);
      default:
        return; // an exit is in the state, an error before a close in that
    }
  }

  #begun(settings: Settings): void {
    if (this.#asked !== null && settings.offset >= settings.end) this.#asked = null; // there is nothing at all
    if (this.#asked === null && settings.offset === 0) this.older.value = "none";
    else if (this.#asked === null && this.older.value === "loading") this.older.value = "maybe";
    batch(() => {
      this.settings.value = settings;
      this.screen.past = settings.end;
      this.screen.become(settings.terminal === null, !settings.readOnly && settings.terminal !== null);
    });
    this.#run = -1;
    if (settings.terminal === null) this.fit();
    else this.screen.resize(settings.terminal);
    this.typing.go();
  }

  /** The first output has come that was asked for: begin anew with it, or go on where we were if we have it. */
  #isOlder(offset: number): boolean {
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null) return true;
    if (offset < asked.first) {
      this.older.value = offset === 0 ? "none" : "maybe";
      this.screen.again(asked.until);
      return true;
    }
    this.older.value = "none";
    this.#exhausted = asked.first;
    this.#link.restart(asked.until);
    return false;
  }

  #stateChanged(state: ServerState): void {
    this.state.value = state;
    const anew = state.status === 1 && state.run !== this.#run;
    if (state.status === 1) this.#run = state.run;
    if (this.lines) return;
    if (state.terminal !== null) this.screen.resize(state.terminal);
    if (anew) this.fit();
  }

  #changed(state: LinkState): void {
    this.link.value = state;
    if (state.is === "open") return;
    this.typing.cut();
    // Rights are different now, perhaps: the page shows what one may do.
    if (state.is === "ended") void findOut();
  }

  #typed(data: Uint8Array): void {
    if (this.lines || !this.mayType) return;
    let keys = data;
    if (this.ctrl.value) {
      this.ctrl.value = false;
      if (data.length === 1) keys = data.map((one) => one & 0x1f);
    }
    this.typing.press(keys);
  }

  #look(): void {
    const { viewportY, baseY, type } = this.screen.terminal.buffer.active;
    const atEnd = viewportY >= baseY;
    if (atEnd) this.#news = false;
    const next = { atEnd, atTop: viewportY === 0 && type === "normal", news: this.#news };
    const before = this.place.value;
    // What was shown once, from the first byte on, may be gone from here, but not from there.
    if (next.atTop && this.older.value === "none" && this.screen.oldest !== 0 && this.screen.oldest !== this.#exhausted) this.older.value = "maybe";
    if (before.atEnd !== next.atEnd || before.atTop !== next.atTop || before.news !== next.news) this.place.value = next;
  }
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
