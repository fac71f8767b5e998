/**
 * What is to be uploaded: a few at once, the others in order. It does not know how anything is carried.
 *
 * Rules:
 * - What is done is forgotten but for its number: ten thousand files are ten thousand small objects for a while, and
 *   never ten thousand rows.
 * - A file that is there already waits for the person's answer, and holds up nothing else.
 * - What fails stays, with the reason, until it is tried again or dismissed.
 */

import { type Problem, problemOf } from "../../../api/problem";

export type State = "waiting" | "running" | "paused" | "asking" | "failed";

/** What shall happen to a file whose name is taken. */
export type Decision = "replace" | "both" | "skip";

/** Where a file's content comes from; a file of a dropped folder is opened when its turn has come. */
export type Source = File | (() => Promise<File>);

/** What came into the queue together: an answer for "all" is for all of these. */
export interface Batch {
  server: string;
  /** The folder that they were put into; it is there. */
  base: string;
  decision?: Decision;
}

export interface Task {
  readonly id: number;
  readonly batch: Batch;
  /** The folder that it goes into. */
  readonly folder: string;
  readonly name: string;
  /** None for a folder that is only to be there. */
  readonly source: Source | null;
  size: number;
  state: State;
  /** Bytes that have arrived. */
  sent: number;
  decision?: Decision | undefined;
  /** Why it waits, or failed. */
  problem?: Problem | undefined;
  /** Where a resumable upload goes on. */
  url?: string | undefined;
}

export type NewTask = Pick<Task, "batch" | "folder" | "name" | "source" | "size">;

/** Carries a task; `exists` if its name is taken and nothing was decided. Throws `Problem`, `aborted` when stopped. */
export type Carry = (task: Task, signal: AbortSignal, changed: () => void) => Promise<"done" | "exists">;

export interface Counts {
  waiting: number;
  running: number;
  paused: number;
  asking: number;
  failed: number;
  done: number;
  skipped: number;
  /** Bytes of all that is known, and of those what has arrived. */
  bytes: number;
  sent: number;
}

interface Hooks {
  /** Something is different. */
  changed: () => void;
  /** A task has been done. */
  done: (task: Task) => void;
  /** A task was given up: what is left of it can go. */
  dropped: (task: Task) => void;
}

const FOR_ALL: readonly State[] = ["waiting", "running", "paused", "asking", "failed"];

/** The queue. */
export class Queue {
  readonly #tasks = new Map<number, Task>();
  #order: Task[] = [];
  #next = 0;
  readonly #running = new Map<number, AbortController>();
  #count = 0;
  #done = 0;
  #doneBytes = 0;
  #skipped = 0;
  #held = false;

  constructor(
    readonly carry: Carry,
    readonly most: number,
    readonly hooks: Hooks,
  ) {}

  /** Whether nothing more begins until `resumeAll`. */
  get held(): boolean {
    return this.#held;
  }

  /** Whether something would be lost if the page were left now. */
  get active(): boolean {
    return [...this.#tasks.values()].some((task) => task.state !== "failed");
  }

  /** Add something to the end. */
  add(what: NewTask): Task {
    const task: Task = { ...what, id: (this.#count += 1), state: "waiting", sent: 0 };
    this.#tasks.set(task.id, task);
    this.#order.push(task);
    this.#go();
    return task;
  }

  /** Return at most so many tasks of some states, in order. */
  list(states: readonly State[], most: number): Task[] {
    const found: Task[] = [];
    for (const task of this.#tasks.values()) {
      if (found.length >= most) break;
      if (states.includes(task.state)) found.push(task);
    }
    return found;
  }

  /** Return how it all stands. */
  counts(): Counts {
    const counts = { waiting: 0, running: 0, paused: 0, asking: 0, failed: 0, done: this.#done, skipped: this.#skipped };
    let bytes = this.#doneBytes;
    let sent = this.#doneBytes;
    for (const task of this.#tasks.values()) {
      counts[task.state] += 1;
      bytes += task.size;
      sent += task.sent;
    }
    return { ...counts, bytes, sent };
  }

  /** Stop one for a while; what has arrived stays. */
  pause(task: Task): void {
    if (task.state !== "waiting" && task.state !== "running") return;
    this.#become(task, "paused");
    this.#running.get(task.id)?.abort();
  }

  /** Go on with one that is paused, or try one again that failed. */
  resume(task: Task): void {
    if (task.state !== "paused" && task.state !== "failed") return;
    task.problem = undefined;
    this.#become(task, "waiting");
    this.#order.splice(this.#next, 0, task);
    this.#go();
  }

  /** Say what shall happen to a file whose name is taken; with `all`, to all like it that came with it. */
  decide(task: Task, decision: Decision, all: boolean): void {
    if (all) task.batch.decision = decision;
    const alike = [...this.#tasks.values()].filter((one) => one.state === "asking" && one.batch === task.batch);
    for (const one of all ? alike : [task]) this.#decided(one, decision);
    this.#go();
  }

  /** Give one up. */
  cancel(task: Task): void {
    if (!this.#forget(task)) return;
    this.hooks.dropped(task);
    this.#go();
  }

  /** Stop all for a while. */
  pauseAll(): void {
    this.#held = true;
    for (const id of [...this.#running.keys()]) {
      const task = this.#tasks.get(id);
      if (task !== undefined) this.pause(task);
    }
    this.hooks.changed();
  }

  /** Go on with all, and try again what failed. */
  resumeAll(): void {
    this.#held = false;
    for (const task of this.list(["paused", "failed"], Infinity).reverse()) {
      task.problem = undefined;
      task.state = "waiting";
      this.#order.splice(this.#next, 0, task);
    }
    this.#go();
  }

  /** Give all up, and forget the numbers. */
  cancelAll(): void {
    for (const task of this.list(FOR_ALL, Infinity)) {
      if (this.#forget(task)) this.hooks.dropped(task);
    }
    this.clear();
  }

  /** Forget what was done and skipped. */
  clear(): void {
    this.#done = this.#doneBytes = this.#skipped = 0;
    this.#held = false;
    this.hooks.changed();
  }

  #decided(task: Task, decision: Decision): void {
    if (task.state !== "asking") return;
    if (decision === "skip") {
      this.#forget(task);
      this.#skipped += 1;
      return;
    }
    task.decision = decision;
    this.#become(task, "waiting");
    this.#order.splice(this.#next, 0, task);
  }

  #forget(task: Task): boolean {
    if (!this.#tasks.delete(task.id)) return false;
    this.#running.get(task.id)?.abort();
    return true;
  }

  #become(task: Task, state: State): void {
    task.state = state;
    this.hooks.changed();
  }

  #go(): void {
    while (!this.#held && this.#running.size < this.most) {
      const task = this.#order[this.#next];
      if (task === undefined) {
        this.#order = [];
        this.#next = 0;
        break;
      }
      this.#next += 1;
      if (this.#next > 1000) {
        this.#order = this.#order.slice(this.#next);
        this.#next = 0;
      }
      // It may have been cancelled, paused, or gone on with by its other place in the order.
      if (this.#tasks.get(task.id) !== task || task.state !== "waiting" || this.#running.has(task.id)) continue;
      void this.#run(task);
    }
    this.hooks.changed();
  }

  async #run(task: Task): Promise<void> {
    const control = new AbortController();
    this.#running.set(task.id, control);
    task.state = "running";
    task.decision ??= task.batch.decision;
    try {
      const came = await this.carry(task, control.signal, this.hooks.changed);
      if (this.#tasks.get(task.id) === task) this.#came(task, came);
    } catch (thrown) {
      if (!control.signal.aborted) {
        task.problem = problemOf(thrown);
        task.state = "failed";
      }
    } finally {
      this.#running.delete(task.id);
      // Gone on with before it had stopped: its place in the order was passed over.
      if (this.#tasks.get(task.id) === task && isWaiting(task)) this.#order.splice(this.#next, 0, task);
      this.#go();
    }
  }

  #came(task: Task, came: "done" | "exists"): void {
    if (came === "done") {
      this.#tasks.delete(task.id);
      this.#done += 1;
      this.#doneBytes += task.size;
      this.hooks.done(task);
      return;
    }
    const decision = task.batch.decision;
    if (task.state === "running") task.state = "asking";
    if (decision !== undefined) this.#decided(task, decision);
  }
}

/** A task's state changes while it is carried, which the compiler does not see. */
function isWaiting(task: Task): boolean {
  return task.state === "waiting";
}
