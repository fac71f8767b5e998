/** The uploads of this page: one queue for all servers, which goes on wherever the person is within the page. */

import { signal } from "@preact/signals";
import { presence } from "../../../api/account";
import { dock } from "../../../parts/dock";
import { tell } from "../../../parts/toast";
import { work } from "../../../route";
import { t } from "../../../strings";
import { join, namesOf } from "../paths";
import { touch } from "../touched";
import { carry, discard } from "./carry";
import type { Found } from "./dropped";
import { TransferPanel } from "./panel";
import { type Batch, Queue, type Task } from "./queue";

const AT_ONCE = 3;
/** Milliseconds between two looks at it. */
const TICK = 250;
/** Milliseconds between two new listings while files arrive. */
const LISTED = 1500;
/** Files that are taken at once: more are better brought as an archive. */
const MOST = 100_000;

/** Counts up whenever there is something new to see. */
export const looked = signal(0);

/** Bytes per second of late, or null while that is not known. */
export const rate = signal<number | null>(null);

let samples: { at: number; sent: number }[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

export const transfers = new Queue(carry, AT_ONCE, {
  changed: () => {
    timer ??= setTimeout(look, TICK);
  },
  done: (task) => arrivedIn(task),
  dropped: (task) => {
    if (task.url !== undefined) void discard(task.batch.server, task.url);
  },
});

/** Put what was chosen into the queue, as it is found. */
export async function upload(server: string, base: string, found: AsyncIterable<Found> | Iterable<Found>): Promise<void> {
  dock.value = TransferPanel;
  // What was done before is another story.
  const { waiting, running, paused, asking, failed } = transfers.counts();
  if (waiting + running + paused + asking + failed === 0) transfers.clear();
  const batch: Batch = { server, base };
  let count = 0;
  for await (const { folder, name, source, size } of found) {
    if ((count += 1) > MOST) {
      tell({ kind: "warning", text: t.files.upload.tooMany(MOST) });
      return;
    }
    const into = [base, ...namesOf(folder)].filter(Boolean).reduce(join, "");
    transfers.add({ batch, folder: into, name, source, size });
  }
}

/** Dismiss the panel: all that is left is given up. */
export function endAll(): void {
  transfers.cancelAll();
  samples = [];
  rate.value = null;
  dock.value = null;
}

function look(): void {
  timer = undefined;
  const { sent, running } = transfers.counts();
  const at = Date.now();
  const last = samples.at(-1);
  // A chunk that has to be sent again takes some of it back.
  if (running === 0 || (last !== undefined && sent < last.sent)) samples = [];
  samples = [...samples.filter((one) => at - one.at < 5000), { at, sent }];
  const first = samples[0] as { at: number; sent: number };
  rate.value = at - first.at < 500 ? null : ((sent - first.sent) * 1000) / (at - first.at);
  looked.value += 1;
  // The rate falls when nothing comes.
  if (running > 0) timer = setTimeout(look, TICK * 2);
}

let arriving: ReturnType<typeof setTimeout> | undefined;
const arrived = new Set<Task>();

function arrivedIn(task: Task): void {
  arrived.add(task);
  arriving ??= setTimeout(() => {
    arriving = undefined;
    const folders = new Map<string, Set<string>>();
    for (const { batch, folder } of arrived) {
      const all = folders.get(batch.server) ?? new Set();
      folders.set(batch.server, all.add(folder).add(batch.base));
    }
    arrived.clear();
    for (const [server, all] of folders) touch(server, ...all);
  }, transfers.active ? LISTED : 0);
}

work(() => transfers.active);

// What one person uploads, the next must not go on with.
presence.subscribe((now) => {
  if (now === "out" && transfers.active) endAll();
});
