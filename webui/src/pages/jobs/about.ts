/** What a job says of itself, in words. */

import type { Job } from "../../live/types";
import { t } from "../../strings";

export interface Skipped {
  count: number;
  told: { path: string; reason: string }[];
}

/** Tell whether it has ended, in whatever way. */
export function isOver(job: Pick<Job, "state">): boolean {
  return job.state !== "running" && job.state !== "waiting";
}

/** Return what it does, in a word or two. */
export function nameOfJob(job: Pick<Job, "kind">): string {
  return t.jobs.kinds[job.kind] ?? job.kind;
}

/** Return to what it does that: its paths, what is searched, how many operations. */
export function aboutOf(job: Job): string {
  const parts = [textOf(job["path"]) ?? textOf(job["src"])];
  const dest = textOf(job["dest"]);
  if (dest !== undefined) parts.push(t.jobs.to(dest));
  const query = textOf(job["query"]);
  if (query !== undefined) parts.push(t.jobs.query(query));
  const count = textOf(job["operations"]);
  if (count !== undefined) parts.push(t.jobs.operations(count));
  return parts.filter((part) => part !== undefined).join(" ");
}

/** Return what it has left out, as far as it was noted. */
export function skippedIn(job: Pick<Job, "result">): Skipped {
  const { skipped, skippedCount } = (job.result ?? {}) as { skipped?: unknown; skippedCount?: unknown };
  const told = (Array.isArray(skipped) ? (skipped as unknown[]) : []).filter(
    (one): one is { path: string; reason: string } =>
      typeof one === "object" && one !== null && "path" in one && "reason" in one,
  );
  return { told, count: typeof skippedCount === "number" ? skippedCount : told.length };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
