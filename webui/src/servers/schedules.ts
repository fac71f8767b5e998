/** What the API tells of schedules (docs/schedules.md). */

import { serverPath } from "../api/base";
import { askJson } from "../api/request";

export interface Ran {
  at: number;
  due: number | null;
  ended: number | null;
  outcome: string;
  detail: string;
  by: string;
  output?: string;
}

export interface Schedule {
  server: string;
  name: string;
  action: string;
  cron: string;
  timeZone: string;
  enabled: boolean;
  jitter: number;
  onlyIf: string;
  next: { at: number; text: string }[];
  running: boolean;
  last: Ran | null;
  recent: Ran[];
  missed: number;
}

/** Ask for those of a server; throws `Problem`. */
export async function schedulesOf(server: string, signal?: AbortSignal): Promise<Schedule[]> {
  const told = await askJson<Schedule[] | { schedules: Schedule[] }>(serverPath(server, "schedules"), { signal });
  return Array.isArray(told) ? told : told.schedules;
}

/** Run one now; throws `Problem`. */
export async function runNow(server: string, name: string): Promise<void> {
  await askJson(serverPath(server, `schedules/${encodeURIComponent(name)}`), { method: "POST", body: "RUN" });
}

/**
 * Return how many milliseconds from `now` (Unix seconds) something about them is going to be different: the next run, or
 * the end of one that goes on, of which nobody tells; null if nothing will be.
 */
export function freshFor(schedules: readonly Schedule[], now: number): number | null {
  // The one thing that is asked for again and again, since the stream tells of no schedules: and only while one runs.
  if (schedules.some((one) => one.running)) return 2000;
  const next = Math.min(...schedules.flatMap((one) => one.next.map(({ at }) => at)));
  // A little later, so that it has begun; the browser's timers reach 24 days.
  return Number.isFinite(next) ? Math.min(Math.max(next - now + 1, 1) * 1000, 2 ** 31 - 1) : null;
}
