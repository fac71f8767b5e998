/** One job as a line: what it does, how far it is, and how it is stopped. */

import { askJson } from "../../api/request";
import { bytes, duration } from "../../format";
import type { Job } from "../../live/types";
import { Button } from "../../parts/button";
import { Icon } from "../../parts/icon";
import { Ago } from "../../parts/time";
import { t } from "../../strings";
import { aboutOf, isOver, nameOfJob, skippedIn } from "./about";
import "./jobs.css";

const j = t.jobs;

const TONES = { waiting: "dim", running: "info", done: "good", failed: "bad", cancelled: "dim" } as const;

/** Stop a job; resolves when nothing of it is left. */
export async function cancelJob(job: Job): Promise<void> {
  await askJson(`jobs/${encodeURIComponent(job.id)}`, { method: "DELETE" });
}

/** Draw it; `brief` without who and where. */
export function JobLine({ job, brief }: { job: Job; brief?: boolean }) {
  const what = nameOfJob(job);
  const over = isOver(job);
  const skipped = skippedIn(job);
  return (
    <div class="job">
      <div class="job-head">
        <strong>{what}</strong>
        <span class={`chip ${TONES[job.state]}`}>{j.state[job.state]}</span>
        <span class="job-about grow">{aboutOf(job)}</span>
        {!over && (
          <Button
            small
            icon="x"
            disabled={!job.cancellable}
            hint={job.cancellable ? undefined : j.notCancellable}
            label={j.cancel(`${what} ${aboutOf(job)}`.trim())}
            onClick={() => cancelJob(job)}
          >
            {j.cancelShort}
          </Button>
        )}
      </div>
      {!over && <Bar job={job} />}
      <div class="job-facts dim">
        {!brief && <span>{job.server}</span>}
        {!brief && <span>{j.by(job.user)}</span>}
        <Numbers job={job} />
        {!brief && <Ago at={job.ended ?? job.started ?? job.created} />}
        {over && job.started !== null && job.ended !== null && <span>{j.took(duration(job.ended - job.started, true))}</span>}
      </div>
      {job.error !== null && job.state === "failed" && (
        <div class="bad job-error">
          <Icon name="alert" /> {job.error}
        </div>
      )}
      {skipped.count > 0 && (
        <details>
          <summary>{j.skipped(skipped.count)}</summary>
          <ul class="job-skipped">
            {skipped.told.map(({ path, reason }) => (
              <li key={path}>
                <span class="mono">{path}</span>: {reason}
              </li>
            ))}
            {skipped.count > skipped.told.length && <li>{t.files.unpack.skippedMore(skipped.count - skipped.told.length)}</li>}
          </ul>
        </details>
      )}
    </div>
  );
}

function Bar({ job }: { job: Job }) {
  const label = j.progress(nameOfJob(job));
  const [done, all] = job.totalBytes ? [job.bytes, job.totalBytes] : [job.entries, job.totalEntries ?? 0];
  // Without a value the bar says that nobody knows how far it is.
  return all > 0 ? <progress value={Math.min(done, all)} max={all} aria-label={label} /> : <progress aria-label={label} />;
}

function Numbers({ job }: { job: Job }) {
  const running = job.state === "running";
  return (
    <>
      {job.bytes > 0 && (
        <span>{job.totalBytes && !isOver(job) ? j.of(bytes(job.bytes), bytes(job.totalBytes)) : bytes(job.bytes)}</span>
      )}
      {job.entries > 0 && (
        <span>{job.totalEntries && !isOver(job) ? j.entriesOf(job.entries, job.totalEntries) : j.entries(job.entries)}</span>
      )}
      {running && job.rate !== null && job.rate > 0 && (
        <span>{j.rate(job.rateUnit === "bytes" ? bytes(job.rate) : j.entries(Math.round(job.rate)))}</span>
      )}
      {running && job.eta !== null && <span>{j.left(duration(job.eta))}</span>}
    </>
  );
}
