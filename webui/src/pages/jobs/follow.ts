/** Waiting for a job that this page has begun, by what the live stream tells of it. */

import { Problem } from "../../api/problem";
import { askJson } from "../../api/request";
import { problemOf } from "../../api/problem";
import { connection } from "../../live/stream";
import { store } from "../../live/store";
import type { Job } from "../../live/types";
import { t } from "../../strings";
import { isOver } from "./about";

/** Milliseconds after which the job is asked for if the stream does not tell of it. */
const UNHEARD = 5000;

/** Wait until a job is over, and return it as it is then; throws `Problem` if it failed, was stopped, or is gone. */
export async function ended(id: string): Promise<Job> {
  const job = await over(id);
  if (job.state === "cancelled") throw new Problem(t.problem.aborted, "aborted");
  if (job.state === "failed") throw new Problem(job.error ?? t.jobs.state.failed, "job-failed");
  return job;
}

function over(id: string): Promise<Job> {
  return new Promise((resolve, reject) => {
    let asking = false;
    const end = () => {
      clearInterval(timer);
      unlisten();
    };
    const look = (jobs: readonly Job[]) => {
      const job = jobs.find((one) => one.id === id);
      if (job !== undefined && isOver(job)) {
        setTimeout(end);
        resolve(job);
      }
    };
    // What is heard in time needs no asking: this is for a stream that was cut, and a daemon that has forgotten.
    const ask = async () => {
      const heard = store.jobs.value.some((one) => one.id === id);
      if (asking || (heard && connection.value.state === "open")) return;
      asking = true;
      try {
        look([await askJson<Job>(`jobs/${encodeURIComponent(id)}`)]);
      } catch (thrown) {
        const problem = problemOf(thrown);
        if (problem.kind !== "unreachable") {
          end();
          reject(problem.status === 404 ? new Problem(t.files.work.lost, "job-lost") : problem);
        }
      } finally {
        asking = false;
      }
    };
    const timer = setInterval(() => void ask(), UNHEARD);
    const unlisten = store.jobs.subscribe(look);
  });
}
