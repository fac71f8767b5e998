/** What the page knows of the servers, by the messages of the live stream: each in a signal of its own. */

import { batch, type Signal, signal } from "@preact/signals";
import type { Happening, Job, Measured, Message, Server } from "./types";
import { own } from "../own";

/** How many measurements a sparkline shows. */
export const SPARK = 60;

/** A server's use of the machine: the latest, and those before it. */
export interface Usage {
  /** When it was measured, by the daemon's clock; 0 if never. */
  at: number;
  cpu: number;
  memory: number;
  /** Null where the daemon does not tell. */
  processes: number | null;
  threads: number | null;
  /** Bytes from and to disks in this run; null where the kernel does not let us look. */
  read: number | null;
  written: number | null;
  cpus: readonly (number | null)[];
  memories: readonly (number | null)[];
}

const NOTHING: Usage = { at: 0, cpu: 0, memory: 0, processes: null, threads: null, read: null, written: null, cpus: [], memories: [] };

/** All that is live. */
export class Store {
  /** The names, in alphabetical order; null until we have heard. */
  readonly names = signal<readonly string[] | null>(null);
  /** Whether the supervisor is there: without it nobody knows how servers are. */
  readonly supervised = signal(true);
  /** Grows with each change of any server: for what is about all of them, and needs not listen to each. */
  readonly turn = signal(0);
  readonly jobs = signal<readonly Job[]>([]);
  /** The latest event, for whoever tells it. */
  readonly happened = signal<Happening | null>(null);
  /** How many seconds the daemon's clock is ahead of ours. */
  readonly ahead = signal(0);
  /** The id of the latest event that we were told or that is behind us; who comes back asks for those after it. */
  lastEvent: number | undefined;
  readonly #servers = new Map<string, Signal<Server>>();
  readonly #usage = new Map<string, Signal<Usage>>();

  /** Return a server's signal, if there is such a server. */
  server(name: string): Signal<Server> | undefined {
    return this.#servers.get(name);
  }

  /** Return the signal of what a server uses. */
  usage(name: string): Signal<Usage> {
    let found = this.#usage.get(name);
    if (found === undefined) this.#usage.set(name, (found = signal(NOTHING)));
    return found;
  }

  /** Take in a message; one of a type that we do not know means nothing. */
  take(message: Message, now = Date.now() / 1000): void {
    batch(() => {
      switch (message.type) {
        case "servers":
          // Those between the one that we had and this one are told next.
          this.lastEvent ??= message.lastEvent;
          return this.#begin(message.servers, message.supervisor, message.now - now);
        case "server":
          return this.#put(message.name, message.server);
        case "removed":
          this.#servers.delete(message.name);
          this.#usage.delete(message.name);
          this.turn.value += 1;
          return this.#list();
        case "usage":
          return this.#measured(message.at, message.servers);
        case "sparks":
          return this.#remember(message.servers);
        case "jobs":
          this.jobs.value = message.jobs;
          return;
        case "job":
          this.jobs.value = [message.job, ...this.jobs.value.filter((one) => one.id !== message.job.id)].sort(
            (one, other) => other.created - one.created,
          );
          return;
        case "event":
          this.lastEvent = message.event.id;
          this.happened.value = message.event;
          return;
        default:
          return;
      }
    });
  }

  /** Take in the time of an answer, as its header says it, until the live stream has told a better one. */
  meet(date: string | null, now = Date.now() / 1000): void {
    const told = Date.parse(date ?? "") / 1000;
    // A header has whole seconds, and was on its way: what is that near is the same time.
    if (this.names.peek() === null && Math.abs(told - now) > 5) this.ahead.value = told - now;
  }

  /** Forget everything: it was another person's. */
  clear(): void {
    batch(() => {
      this.#servers.clear();
      this.#usage.clear();
      this.names.value = null;
      this.jobs.value = [];
      this.happened.value = null;
      this.lastEvent = undefined;
    });
  }

  #begin(servers: Record<string, Server>, supervised: boolean, ahead: number): void {
    for (const name of [...this.#servers.keys()]) {
      if (own(servers, name) === undefined) this.#servers.delete(name);
    }
    for (const [name, server] of Object.entries(servers)) this.#put(name, server, false);
    this.turn.value += 1;
    this.supervised.value = supervised;
    if (Number.isFinite(ahead)) this.ahead.value = ahead;
    this.#list();
  }

  #put(name: string, server: Server, list = true): void {
    this.turn.value += 1;
    const found = this.#servers.get(name);
    if (found !== undefined) {
      found.value = server;
      return;
    }
    this.#servers.set(name, signal(server));
    if (list) this.#list();
  }

  #list(): void {
    this.names.value = [...this.#servers.keys()].sort((one, other) => one.localeCompare(other));
  }

  #measured(at: number, servers: Record<string, Measured>): void {
    for (const name of this.#servers.keys()) {
      const told = own(servers, name);
      const usage = this.usage(name);
      const before = usage.value;
      if (told === undefined && before.processes === 0) continue; // down since long
      const [cpu, memory, processes = null, threads = null, read = null, written = null] = told ?? [0, 0, 0, 0];
      const cpus = [...before.cpus, cpu].slice(-SPARK);
      const memories = [...before.memories, memory].slice(-SPARK);
      usage.value = { at, cpu, memory, processes, threads, read, written, cpus, memories };
    }
  }

  #remember(servers: Record<string, { cpu: (number | null)[]; memory: (number | null)[] }>): void {
    for (const [name, past] of Object.entries(servers)) {
      const usage = this.usage(name);
      if (usage.value.cpus.length > 1) continue; // we have been here: what we saw is finer
      usage.value = { ...usage.value, cpus: past.cpu.slice(-SPARK), memories: past.memory.slice(-SPARK) };
    }
  }
}

export const store = new Store();

/** The Unix time by the daemon's clock: the browser's may be wrong. */
export function daemonTime(): number {
  return Date.now() / 1000 + store.ahead.peek();
}
