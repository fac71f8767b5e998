/**
 * The terminal on the page: xterm.js, fed no faster than it draws.
 *
 * Rules:
 * - What a program says can change what is seen here and nothing else (guard.ts); links are http or https and know
 *   nothing of this page. Where it has no terminal, it cannot answer questions into its input either.
 * - Only a few small parts are with xterm at a time: the rest waits in a bounded queue, and the page answers meanwhile.
 */

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type IMarker, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import "./styles";
import { bytes } from "../../format";
import { t } from "../../strings";
import { Flow, MOST, type Piece } from "./flow";
import { guardAnswers } from "./answers";
import { hasGraphics } from "./graphics";
import { guard } from "./guard";
import { Letters } from "./letters";
import type { Palette } from "./palette";
import type { Size } from "./protocol";

/** Bytes that xterm gets at once: it parses such a part without a pause, a few ms. */
const PART = 16 * 1024;
const PARTS = 2;

/** Lines that are kept above; and when older output was asked for. */
export const SCROLLBACK = 20_000;
const MOST_SCROLLBACK = 100_000;

/** Bytes that may wait while older output is read anew. */
const MOST_AGAIN = 16 << 20;

/** Bytes between two lines whose place is noted. */
const NOTED = 256 * 1024;

/**
 * Bytes of one line, after which it is broken here, between two parts. xterm searches a line by calling itself once for
 * each row of it: of a line of 10 MB it would be out of stack.
 */
const LONG = 32 * 1024;

/** Columns where long lines are not to be wrapped. */
const WIDE = 400;

const NEWLINE = 10;
const RETURN = 13;
const HIDE_CURSOR = "\x1b[?25l";

export interface ScreenOptions {
  fontSize: number;
  reader: boolean;
  palette: Palette;
  /** Keys and the mouse, for a program that has a terminal. */
  typed: (data: Uint8Array) => void;
  /** Something was drawn, or scrolled. */
  drawn: () => void;
  /** A key; false keeps it from the terminal. */
  key: (event: KeyboardEvent) => boolean;
  /** Output is missing in a program's terminal: it should draw anew. */
  torn: () => void;
}

/** One terminal on the page; `close` it in the end. */
export class Screen {
  readonly terminal: Terminal;
  readonly search = new SearchAddon({ highlightLimit: 2000 });
  readonly flow = new Flow();
  /** Whether the server has no terminal: what it says is lines. */
  lines = true;
  wrap = true;
  /** What comes before this byte was said before we had connected. */
  past = 0;
  /** Whether what is drawn just now is of the past, and whether what was given to xterm last is. */
  #old = false;
  #oldAhead = false;
  #first: number | null = null;
  /** Lines of which it is known where in the stream they end; few, since each costs something with every line. */
  #places: { marker: IMarker; offset: number }[] = [];
  readonly #fit = new FitAddon();
  #writing = 0;
  /** Bytes of the line that is being drawn. */
  #length = 0;
  /** Where older output joins what was shown before, and how far from the end one looked. */
  #goal: { until: number; below: number } | null = null;

  constructor(private readonly options: ScreenOptions) {
    this.terminal = new Terminal({
      allowProposedApi: true,
      convertEol: true,
      disableStdin: true,
      cursorInactiveStyle: "none",
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: options.fontSize,
      logLevel: "off", // it logs each byte that it does not know: binary output would fill the browser's console
      minimumContrastRatio: 4.5,
      screenReaderMode: options.reader,
      scrollback: SCROLLBACK,
      theme: { ...options.palette },
      linkHandler: { activate: (_, uri) => follow(uri), allowNonHttpProtocols: false },
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.loadAddon(this.search);
    this.terminal.loadAddon(new WebLinksAddon((_, uri) => follow(uri)));
    this.terminal.unicode.register(new Letters());
    this.terminal.unicode.activeVersion = "browser";
    this.terminal.attachCustomKeyEventHandler((event) => options.key(event));
    const encoder = new TextEncoder();
    this.terminal.onData((data) => !this.lines && options.typed(encoder.encode(data)));
    this.terminal.onBinary((data) => !this.lines && options.typed(Uint8Array.from(data, (one) => one.charCodeAt(0))));
    this.terminal.onRender(() => options.drawn());
    guard(this.terminal, () => this.lines);
    guardAnswers(this.terminal, () => this.#old || document.activeElement !== this.terminal.textarea || !document.hasFocus());
  }

  /** Draw it in an element. */
  open(element: HTMLElement): void {
    this.terminal.open(element);
    this.terminal.write(HIDE_CURSOR);
    void this.#accelerate();
  }

  /** Be done. */
  close(): void {
    this.flow.clear();
    this.terminal.dispose();
  }

  /** Say whether the server has a terminal, and whether keys go there. */
  become(lines: boolean, typing: boolean): void {
    this.terminal.options.disableStdin = !typing;
    if (this.lines === lines) return;
    this.lines = lines;
    this.terminal.options.convertEol = lines;
    this.terminal.options.cursorInactiveStyle = lines ? "none" : "outline";
    this.terminal.write(lines ? HIDE_CURSOR : "\x1b[?25h");
  }

  /** Draw this when it is its turn. */
  put(piece: Piece): void {
    if (piece.kind === "output") this.#first ??= piece.offset;
    if (piece.kind === "reset") this.#first = null;
    this.flow.put(piece);
    this.#pump();
  }

  /** Forget what is shown and what waits. */
  clear(): void {
    this.flow.clear();
    this.#first = null;
    this.#forget();
    this.terminal.reset();
    if (this.lines) this.terminal.write(HIDE_CURSOR);
    this.options.drawn();
  }

  /** The offset of the oldest byte that is shown, or one somewhat later; null if there is none. */
  get oldest(): number | null {
    if (!this.#overflown) return this.#first;
    this.#places = this.#places.filter(({ marker }) => !marker.isDisposed);
    return this.#places[0]?.offset ?? this.#first;
  }

  get #overflown(): boolean {
    const { buffer, options, rows } = this.terminal;
    return buffer.normal.length >= (options.scrollback ?? 0) + rows;
  }

  /** Whether no more lines are kept, whatever is asked for. */
  get full(): boolean {
    return this.#overflown && this.terminal.options.scrollback === MOST_SCROLLBACK;
  }

  /** Begin anew with older output; when byte `until` is reached, what is looked at now is looked at again. */
  again(until: number): void {
    const { baseY, viewportY } = this.terminal.buffer.active;
    this.clear();
    this.terminal.options.scrollback = MOST_SCROLLBACK;
    this.flow.most = MOST_AGAIN;
    this.#goal = { until, below: baseY - viewportY };
  }

  /** Return how many rows and columns there is room for; null while it is not seen. */
  room(): Size | null {
    const found = this.#fit.proposeDimensions();
    if (!found || !Number.isFinite(found.cols) || !Number.isFinite(found.rows)) return null;
    return { rows: Math.max(2, found.rows), columns: Math.max(10, found.cols) };
  }

  /** Be that large; without a size, as large as there is room. */
  resize(size: Size | null): void {
    const room = size ?? this.room();
    if (room === null) return;
    const columns = this.lines && !this.wrap ? WIDE : room.columns;
    if (columns === this.terminal.cols && room.rows === this.terminal.rows) return;
    this.terminal.resize(columns, room.rows);
  }

  /** Return the text of all lines, or of the latest so many; what was wrapped is one line. */
  text(most = Infinity): string[] {
    const buffer = this.terminal.buffer.active;
    const lines: string[] = [];
    for (let at = Math.max(0, buffer.length - most); at < buffer.length; at += 1) {
      const line = buffer.getLine(at);
      if (line === undefined) continue;
      const wraps = buffer.getLine(at + 1)?.isWrapped === true;
      const text = line.translateToString(!wraps);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  #pump(): void {
    while (this.#writing < PARTS) {
      const goal = this.#goal;
      const piece = this.flow.take(PART, goal?.until);
      if (piece === null) return;
      if (piece.kind !== "output" && this.#writing > 0) {
        // Whether we are at the beginning of a line is known when all before it was drawn.
        this.flow.unget(piece);
        return;
      }
      this.#writing += 1;
      this.#write(piece, () => {
        this.#writing -= 1;
        if (piece.kind === "output") this.#note(piece.offset + piece.data.length);
        if (goal !== null && piece.kind === "output" && piece.offset + piece.data.length >= goal.until) this.#reached();
        this.#pump();
      });
    }
  }

  #note(offset: number): void {
    const last = this.#places.at(-1);
    if (last !== undefined && offset - last.offset < NOTED) return;
    const marker = this.terminal.registerMarker(0);
    if (marker !== undefined) this.#places.push({ marker, offset });
    if (this.#places[0]?.marker.isDisposed) this.#places.shift();
  }

  #forget(): void {
    for (const { marker } of this.#places) marker.dispose();
    this.#places = [];
  }

  #write(piece: Piece, done: () => void): void {
    if (piece.kind === "output") {
      const old = piece.offset < this.past;
      if (old !== this.#oldAhead) this.terminal.write("", () => void (this.#old = old));
      this.#oldAhead = old;
      if (this.lines && this.#length > LONG) {
        this.#length = 0;
        this.terminal.write("\r\n");
      }
      const end = Math.max(piece.data.lastIndexOf(NEWLINE), piece.data.lastIndexOf(RETURN));
      this.#length = end < 0 ? this.#length + piece.data.length : piece.data.length - end - 1;
      return this.terminal.write(piece.data, done);
    }
    this.#length = 0;
    if (!this.lines) {
      // What follows may begin in the middle of a picture.
      this.terminal.reset();
      this.options.torn();
      return this.terminal.write("", done);
    }
    const begin = this.terminal.buffer.active.cursorX > 0 ? "\r\n" : "";
    this.terminal.write(`${begin}\x1b[0;33m${told(piece)}\x1b[0m\r\n`, done);
  }

  #reached(): void {
    const goal = this.#goal;
    if (goal === null) return;
    this.#goal = null;
    this.flow.most = MOST;
    this.terminal.scrollToLine(Math.max(0, this.terminal.buffer.active.baseY - goal.below));
    this.options.drawn();
  }

  async #accelerate(): Promise<void> {
    if (!hasGraphics()) return;
    try {
      const { WebglAddon } = await import("@xterm/addon-webgl");
      const addon = new WebglAddon();
      addon.onContextLoss(() => addon.dispose());
      this.terminal.loadAddon(addon);
    } catch {
      // The other one draws.
    }
  }
}

function told(piece: Exclude<Piece, { kind: "output" }>): string {
  switch (piece.kind) {
    case "gap":
      return t.console.gap(bytes(piece.bytes));
    case "skipped":
      return t.console.skipped(bytes(piece.bytes), piece.lines);
    default:
      return t.console.anew;
  }
}

function follow(uri: string): void {
  if (/^https?:\/\//i.test(uri)) window.open(uri, "_blank", "noopener,noreferrer");
}
