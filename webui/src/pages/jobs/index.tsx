/** The long work on files, live: what is at work, and what has ended in the last hour. */

import { useState } from "preact/hooks";
import { store } from "../../live/store";
import type { Job } from "../../live/types";
import { Choice } from "../../parts/field";
import { Empty, Waiting } from "../../parts/load";
import { t } from "../../strings";
import { isOver } from "./about";
import { JobLine } from "./progress";

const j = t.jobs;

/** Draw it. */
export default function Jobs() {
  const [server, setServer] = useState("");
  const jobs = store.jobs.value;
  const servers = [...new Set(jobs.map((job) => job.server))].sort((one, other) => one.localeCompare(other));
  const shown = jobs.filter((job) => server === "" || job.server === server);
  const active = shown.filter((job) => !isOver(job));
  const ended = shown.filter(isOver);
  if (store.names.value === null) return <Waiting />;
  return (
    <>
      <div class="title">
        <h1 class="grow">{j.title}</h1>
        {(servers.length > 1 || server !== "") && (
          <div class="jobs-filter">
            <Choice
              label={j.server}
              value={server}
              options={[["", j.all], ...servers.map((name): [string, string] => [name, name])]}
              onChange={setServer}
            />
          </div>
        )}
      </div>
      {shown.length === 0 && (
        <Empty icon="activity" text={server === "" ? j.none : j.noneFit}>
          <p>{j.noneHint}</p>
        </Empty>
      )}
      <Group title={j.active} jobs={active} />
      <Group title={j.ended} jobs={ended} />
    </>
  );
}

function Group({ title, jobs }: { title: string; jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  return (
    <section class="jobs-group">
      <h2>{title}</h2>
      <ul class="jobs">
        {jobs.map((job) => (
          <li key={job.id} class="card">
            <JobLine job={job} />
          </li>
        ))}
      </ul>
    </section>
  );
}
