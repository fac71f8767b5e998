/** The uploads: how all of it stands, and what needs the person; of very many, only a few are shown. */

import { useState } from "preact/hooks";
import { bytes, duration } from "../../../format";
import { Button } from "../../../parts/button";
import { sure } from "../../../parts/dialog";
import { Icon } from "../../../parts/icon";
import { t } from "../../../strings";
import { join } from "../paths";
import { Asked } from "./asked";
import { type Counts, type State, type Task } from "./queue";
import { endAll, looked, rate, transfers } from "./transfers";
import "./panel.css";

const u = t.files.upload;

/** How many of each are shown. */
const SHOWN = 20;

/** Draw it. */
export function TransferPanel() {
  const [open, setOpen] = useState(true);
  void looked.value; // draws it again
  const counts = transfers.counts();
  const left = counts.waiting + counts.running + counts.paused + counts.asking;
  const total = left + counts.failed + counts.done + counts.skipped;
  return (
    <section class="transfers" aria-label={u.title}>
      <header>
        <button type="button" class="transfers-title" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "chevronDown" : "chevronUp"} />
          <span class="clip">{headline(counts, left)}</span>
        </button>
        {left > 0 && (
          <>
            {counts.running + counts.waiting > 0 && !transfers.held ? (
              <Button small kind="quiet" icon="pause" label={u.pauseAll} onClick={() => transfers.pauseAll()} />
            ) : (
              <Button small kind="quiet" icon="play" label={u.resumeAll} onClick={() => transfers.resumeAll()} />
            )}
          </>
        )}
        {left === 0 && counts.failed > 0 && (
          <Button small kind="quiet" icon="refresh" label={u.retryAll} onClick={() => transfers.resumeAll()} />
        )}
        <Button small kind="quiet" icon="x" label={left > 0 ? u.cancelAll : t.close} onClick={() => dismiss(left)} />
      </header>
      {left > 0 && (
        <div class="transfers-all">
          <progress value={counts.sent} max={Math.max(1, counts.bytes)} aria-label={u.overall} />
          <div class="row dim">
            <span>{u.files(counts.done, total)}</span>
            <span>{u.of(bytes(counts.sent), bytes(counts.bytes))}</span>
            <Pace counts={counts} />
          </div>
        </div>
      )}
      {open && <Tasks counts={counts} />}
      <Asked />
    </section>
  );
}

async function dismiss(left: number): Promise<void> {
  const text = u.cancelSure(left);
  if (left > 0 && !(await sure({ title: u.cancelAll, text, action: u.cancelAll, danger: true }))) return;
  endAll();
}

function headline(counts: Counts, left: number): string {
  if (counts.asking > 0) return u.asking(counts.asking);
  if (left > 0) return transfers.held || counts.running === 0 ? u.paused(left) : u.uploading(left);
  if (counts.failed > 0) return u.failed(counts.failed);
  return u.done(counts.done, counts.skipped);
}

function Pace({ counts }: { counts: Counts }) {
  const speed = rate.value;
  if (speed === null || counts.running === 0) return null;
  return (
    <>
      <span>{u.rate(bytes(speed))}</span>
      {speed > 0 && <span>{u.left(duration((counts.bytes - counts.sent) / speed))}</span>}
    </>
  );
}

function Tasks({ counts }: { counts: Counts }) {
  const groups: [State, number][] = [
    ["asking", counts.asking],
    ["failed", counts.failed],
    ["running", counts.running],
    ["paused", counts.paused],
    ["waiting", counts.waiting],
  ];
  return (
    <ul class="transfers-list">
      {groups.map(([state, count]) => {
        const tasks = transfers.list([state], SHOWN);
        return (
          <>
            {tasks.map((task) => (
              <Row key={task.id} task={task} />
            ))}
            {count > tasks.length && (
              <li key={state} class="dim">
                {u.more[state](count - tasks.length)}
              </li>
            )}
          </>
        );
      })}
    </ul>
  );
}

function Row({ task }: { task: Task }) {
  const path = join(task.batch.server, join(task.folder, task.name));
  const share = task.size > 0 ? Math.floor((task.sent / task.size) * 100) : 0;
  return (
    <li class="transfer">
      <div class="grow">
        <div class="row tight">
          <Icon name={task.source === null ? "folder" : "file"} />
          <span class="clip grow" title={path}>
            {task.name}
          </span>
          {task.state === "running" && task.size > 0 && <span class="dim number">{share} %</span>}
          {task.state === "paused" && <span class="dim">{u.state.paused}</span>}
          {task.state === "waiting" && <span class="dim">{u.state.waiting}</span>}
        </div>
        {(task.state === "running" || (task.state === "paused" && task.sent > 0)) && task.size > 0 && (
          <progress value={task.sent} max={task.size} aria-label={u.progressOf(task.name)} />
        )}
        {task.problem && (
          <div class={task.state === "failed" ? "bad" : "warn"} role={task.state === "failed" ? "alert" : undefined}>
            {task.state === "failed" ? u.why(task.problem.status, task.problem.message) : u.retrying(task.problem.message)}
          </div>
        )}
        {task.state === "asking" && <div class="warn">{u.exists}</div>}
      </div>
      {(task.state === "running" || task.state === "waiting") && (
        <Button small kind="quiet" icon="pause" label={u.pause(task.name)} onClick={() => transfers.pause(task)} />
      )}
      {task.state === "paused" && (
        <Button small kind="quiet" icon="play" label={u.resume(task.name)} onClick={() => transfers.resume(task)} />
      )}
      {task.state === "failed" && (
        <Button small kind="quiet" icon="refresh" label={u.retry(task.name)} onClick={() => transfers.resume(task)} />
      )}
      <Button small kind="quiet" icon="x" label={u.cancel(task.name)} onClick={() => transfers.cancel(task)} />
    </li>
  );
}
