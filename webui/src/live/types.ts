/** What `/live` and `GET /server/{id}` tell (docs/api.md). */

export type State = "stopped" | "starting" | "running" | "stopping" | "backoff" | "failed";

export interface Cause {
  kind: string;
  who: string;
  detail: string;
}

/** What happens by itself; `at` is the Unix time, by the daemon's clock. */
export interface Next {
  action: "restart" | "step" | "kill" | "fail" | "start" | "stop";
  in: number | null;
  at: number | null;
}

export interface Exit {
  code: number | null;
  signal: string | number | null;
  ran: number;
  note: string;
}

export interface Health {
  state: string | null;
  checks: Record<string, "unknown" | "healthy" | "unhealthy">;
  note: string | null;
}

export interface Server {
  status: 0 | 1 | 2;
  state: State;
  wanted: "up" | "down";
  reason: string;
  cause: Cause;
  run: number;
  pid: number | null;
  restarts: number;
  restartIn: number | null;
  next: Next | null;
  waitsFor: string[];
  restartToApply: boolean;
  toDelete?: boolean;
  terminal: { rows: number; columns: number } | null;
  paused: boolean;
  limits: Record<string, string>;
  survivors: { pid: number; command: string; reason: string }[];
  lastExit: Exit | null;
  ready: boolean | null;
  health: Health;
  hint?: string | null;
  /** Unix time at which it was started, by the daemon's clock; null while it is down. */
  startedAt?: number | null;
  /** Nanoseconds. */
  uptime: number;
  /** Percent of one core. */
  cpuUsage: number;
  /** Bytes. */
  memoryUsage: number;
  /** Bytes, of the machine. */
  totalMemory: number;
  /** Seconds after which a stop kills it, by the config; null if it is no longer there. */
  stopWithin?: number | null;
  /** Bytes that it may have at most; null without a limit. */
  memoryLimit?: number | null;
}

/** A change, as `/events` tells it. */
export interface Happening {
  id: number;
  at: number;
  server: string;
  type: string;
  from?: State;
  to?: State;
  reason?: string;
  cause?: Cause;
  exit?: Exit | null;
  lines?: string[];
  next?: Next | null;
  [more: string]: unknown;
}

/** A long work, as `GET /jobs` tells it. */
export interface Job {
  id: string;
  kind: string;
  server: string;
  user: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  cancellable: boolean;
  path?: string;
  bytes: number;
  totalBytes: number | null;
  entries: number;
  totalEntries: number | null;
  rate: number | null;
  rateUnit: string | null;
  eta: number | null;
  created: number;
  started: number | null;
  ended: number | null;
  error: string | null;
  result: unknown;
  [more: string]: unknown;
}

/** CPU in percent of one core, memory in bytes, processes, threads, bytes read and written; there may be more. */
export type Measured = [number, number, ...(number | null)[]];

export type Message =
  | { type: "servers"; servers: Record<string, Server>; supervisor: boolean; now: number; lastEvent?: number }
  | { type: "server"; name: string; server: Server }
  | { type: "removed"; name: string }
  | { type: "usage"; at: number; now?: number; servers: Record<string, Measured> }
  | { type: "sparks"; servers: Record<string, { cpu: (number | null)[]; memory: (number | null)[] }> }
  | { type: "jobs"; jobs: Job[] }
  | { type: "job"; job: Job }
  | { type: "event"; event: Happening }
  | { type: "ping" };
