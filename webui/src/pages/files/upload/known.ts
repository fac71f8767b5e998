/** What was found out about the folders that a batch of uploads goes into. */

import { problemOf } from "../../../api/problem";
import { listFolder } from "../listing";
import { patience } from "./patience";
import type { Batch } from "./queue";
import { PAUSES } from "./tus";

/** What is known of a batch: the folders that are there, and the names in those that were looked at. */
interface Known {
  folders: Map<string, Promise<void>>;
  names: Map<string, Promise<Set<string>>>;
}
const known = new WeakMap<Batch, Known>();

/** Return the names that are in a folder, as they were when it was first looked at. */
export async function namesIn(batch: Batch, folder: string, signal: AbortSignal): Promise<Set<string>> {
  const { names } = knownOf(batch);
  let looking = names.get(folder);
  if (looking === undefined) {
    looking = lookedAt(batch.server, folder, signal);
    names.set(folder, looking);
    looking.catch(() => names.delete(folder));
  }
  return looking;
}

async function lookedAt(server: string, folder: string, signal: AbortSignal): Promise<Set<string>> {
  for (let count = 0; ; count += 1) {
    try {
      return new Set((await listFolder(server, folder, signal)).map((one) => one.name));
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind !== "unreachable") throw problem;
      await patience(PAUSES[Math.min(count, PAUSES.length - 1)] as number, signal);
    }
  }
}

/** Return it. */
export function knownOf(batch: Batch): Known {
  let found = known.get(batch);
  if (found === undefined) known.set(batch, (found = { folders: new Map(), names: new Map() }));
  return found;
}
