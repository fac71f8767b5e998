/**
 * The part of a log that is on the page: bounded, and it moves with who reads.
 *
 * Rules:
 * - No more than `MOST` lines are kept. What is left at one end is asked for again when one comes back there.
 * - What comes is followed while the end is looked at; who reads further up is not pushed on, and told that there is more.
 * - An answer that was asked for before something else is forgotten.
 */

import { batch, signal } from "@preact/signals";
import { type Query, serverPath } from "../../api/base";
import { type Problem, problemOf } from "../../api/problem";
import { ask } from "../../api/request";
import { type Asked, apiQuery } from "./asked";
import type { Row } from "./entries";
import { before, behind, entriesOf, latest, PAGE, type Source } from "./paging";

/** Lines that are kept. */
export const MOST = 2000;

/** Lines that are drawn at once, while they are followed; and milliseconds between. */
const AT_ONCE = 300;
const PAUSE = 80;

/** Milliseconds of reading after which others have a turn. */
const TURN = 8;

const FIRST = 500;
const LONGEST = 10_000;

export class LogModel {
  readonly rows = signal<readonly Row[]>([]);
  readonly loading = signal<"all" | "older" | "newer" | null>("all");
  readonly problem = signal<Problem | null>(null);
  /** Whether nothing lies before, or behind what is shown. */
  readonly first = signal(false);
  readonly last = signal(false);
  /** Whether what comes is shown as it comes; `cut` while it cannot be. */
  readonly live = signal<"no" | "yes" | "cut">("no");
  /** Whether the line is gone that was asked for. */
  readonly gone = signal(false);
  /** Whether the end is looked at. */
  pinned = true;
  /** Changes with each new question: where one looks is decided anew. */
  readonly question = signal(0);
  #query: Query = {};
  #asked: Asked;
  #abort = new AbortController();
  #following = new AbortController();
  #follow: boolean;
  #coming: Row[] = [];
  #drawing: ReturnType<typeof setTimeout> | undefined;
  readonly #source: Source;

  constructor(name: string, asked: Asked, follow: boolean) {
    this.#asked = asked;
    this.#follow = follow;
    this.#source = async (query, stop) => {
      const answer = await ask(serverPath(name, "logs"), { query: { ...query, format: "json" }, signal: stop });
      return answer.body ?? new ReadableStream({ start: (controller) => controller.close() });
    };
  }

  /** Be done. */
  close(): void {
    this.#abort.abort();
    this.#stop();
  }

  /** Ask for something else, or the same again. */
  async ask(asked: Asked, follow: boolean): Promise<void> {
    this.close();
    const abort = new AbortController();
    this.#abort = abort;
    this.#asked = asked;
    this.#follow = follow;
    this.#query = apiQuery(asked);
    this.pinned = asked.spot === null;
    batch(() => {
      this.loading.value = "all";
      this.problem.value = null;
      this.gone.value = false;
      this.live.value = "no";
    });
    await this.#do(abort, async () => {
      if (asked.spot === null) await this.#toEnd(abort.signal);
      else await this.#around(asked.spot, abort.signal);
    });
  }

  /** Follow what comes, or do not. */
  setFollow(follow: boolean): void {
    this.#follow = follow;
    this.#stop();
    if (!follow) this.live.value = "no";
    else if (this.last.value) this.#listen();
    else void this.end();
  }

  /** Show the end. */
  async end(): Promise<void> {
    const asked = { ...this.#asked, spot: null };
    if (!this.last.value) return this.ask(asked, this.#follow);
    this.pinned = true;
    this.question.value += 1;
  }

  /** Show what lies before. */
  async older(): Promise<void> {
    const [row] = this.rows.value;
    if (this.loading.value !== null || this.first.value || row === undefined) return;
    this.loading.value = "older";
    const abort = this.#abort;
    await this.#do(abort, async () => {
      const part = await before(this.#source, this.#query, row, abort.signal);
      // So much has come meanwhile that it is gone from here.
      if (this.rows.value[0] !== row) return;
      const rows = [...(part?.rows ?? []), ...this.rows.value];
      batch(() => {
        if (rows.length > MOST) {
          // Who reads up here does not look at the end.
          this.#stop();
          this.last.value = false;
          this.live.value = "no";
        }
        this.rows.value = rows.slice(0, MOST);
        this.first.value = part === null || part.all;
      });
    });
  }

  /** Show what follows. */
  async newer(): Promise<void> {
    const row = this.rows.value.at(-1);
    if (this.loading.value !== null || this.last.value || row === undefined) return;
    this.loading.value = "newer";
    const abort = this.#abort;
    await this.#do(abort, async () => {
      const part = await behind(this.#source, this.#query, row, PAGE, abort.signal);
      batch(() => {
        this.last.value = part.all;
        this.#append(part.rows);
      });
      if (part.all && this.#follow) this.#listen();
    });
  }

  async #do(abort: AbortController, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!abort.signal.aborted) this.problem.value = problemOf(thrown);
    } finally {
      if (this.#abort === abort) this.loading.value = null;
    }
  }

  async #toEnd(stop: AbortSignal): Promise<void> {
    const part = await latest(this.#source, this.#query, stop);
    batch(() => {
      this.rows.value = part.rows;
      this.first.value = part.all;
      this.last.value = true;
      this.question.value += 1;
    });
    if (this.#follow) this.#listen();
  }

  async #around(spot: NonNullable<Asked["spot"]>, stop: AbortSignal): Promise<void> {
    // All that stands around, not only what fits.
    this.#query = {};
    const [head, tail] = await Promise.all([
      before(this.#source, {}, spot, stop),
      behind(this.#source, {}, spot, PAGE / 2, stop),
    ]);
    if (head === null) {
      this.gone.value = true;
      return this.#toEnd(stop);
    }
    batch(() => {
      this.rows.value = [...head.rows, head.line, ...tail.rows];
      this.first.value = head.all;
      this.last.value = tail.all;
      this.question.value += 1;
    });
    if (tail.all && this.#follow) this.#listen();
  }

  /** Follow no more; what has come is shown. */
  #stop(): void {
    this.#following.abort();
    clearTimeout(this.#drawing);
    this.#show();
  }

  #append(more: readonly Row[]): void {
    if (more.length === 0) return;
    const rows = [...this.rows.value, ...more];
    if (rows.length > MOST) this.first.value = false;
    this.rows.value = rows.slice(-MOST);
  }

  /** Follow what comes behind the last line, through cuts, until something else is asked. */
  #listen(): void {
    if (this.#asked.range === "own" && this.#asked.to !== null) return;
    this.#stop();
    const stop = new AbortController();
    this.#following = stop;
    this.live.value = "yes";
    void this.#followOn(stop);
  }

  async #followOn(stop: AbortController): Promise<void> {
    const last = this.rows.value.at(-1);
    let place = last ? { stream: last.stream, end: last.end } : null;
    let pause = FIRST;
    while (!stop.signal.aborted) {
      // `since` means the same for all that comes: it is later.
      const from = place === null ? { ...this.#query } : { ...this.#query, since: undefined, after: `${place.stream}:${place.end}` };
      try {
        const stream = await this.#source({ ...from, follow: true, marks: true }, stop.signal);
        this.live.value = "yes";
        for await (const entries of entriesOf(stream)) {
          pause = FIRST;
          const found: Row[] = [];
          for (const entry of entries) {
            place = { stream: entry.stream, end: entry.end };
            if (!("mark" in entry)) found.push(entry);
          }
          if (stop.signal.aborted) return;
          if (found.length > 0 && !this.#take(found)) return;
          await breath();
        }
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const problem = problemOf(thrown);
        if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
          this.problem.value = problem;
          this.live.value = "no";
          return;
        }
      }
      if (stop.signal.aborted) return;
      this.live.value = "cut";
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, LONGEST);
    }
  }

  /** Take what has come; false if nobody looks there and there is no room: then it is asked for again. */
  #take(found: Row[]): boolean {
    const coming = this.#coming.length + found.length;
    if (!this.pinned && this.rows.value.length + coming > MOST) {
      this.#following.abort();
      this.#coming = [];
      batch(() => {
        this.last.value = false;
        this.live.value = "no";
      });
      return false;
    }
    this.#coming = [...this.#coming, ...found].slice(-AT_ONCE - 1);
    // It is read as fast as it comes, or what the server keeps would run out; and drawn as fast as one can look.
    this.#drawing ??= setTimeout(() => this.#show(), PAUSE);
    return true;
  }

  #show(): void {
    this.#drawing = undefined;
    const rows = this.#coming.splice(0);
    if (rows.length <= AT_ONCE) return this.#append(rows);
    // More than can be drawn at once: what is before these lines is asked for when somebody scrolls there.
    batch(() => {
      this.first.value = false;
      this.rows.value = rows;
    });
  }
}

/** Let others have a turn, if they have had none for long. */
async function breath(): Promise<void> {
  const now = performance.now();
  if (now - breathed < TURN) return;
  await new Promise((done) => setTimeout(done));
  breathed = performance.now();
}

let breathed = 0;
