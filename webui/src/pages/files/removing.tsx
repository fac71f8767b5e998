/** Deleting: into the trash, with a way back; or for good, after a question. */

import { Problem, problemOf } from "../../api/problem";
import { sure } from "../../parts/dialog";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { removeOne, restore, together, trashed } from "./operate";
import { join, nameOf, parentOf, plain, told } from "./paths";
import { touch } from "./touched";

const g = t.files.gone;

/** Delete names of a folder. The trash is used whatever the config says: who wants them gone for good says so. */
export async function remove(server: string, folder: string, names: readonly string[], forGood: boolean): Promise<void> {
  const [first = ""] = names;
  if (names.length === 0) return;
  const paths = names.map((name) => join(folder, name));
  if (forGood && !(await agreed(first, names.length))) return;
  try {
    await gone(server, paths, !forGood);
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (forGood || !hasNoTrash(problem)) throw problem;
    // It is on another file system than the trash.
    const text = g.notInTrash(problem.message);
    if (!(await sure({ title: g.title(names.length), text, action: g.action, danger: true }))) return;
    await gone(server, paths, false);
    forGood = true;
  } finally {
    touch(server, folder);
  }
  if (forGood) {
    tell({ kind: "good", text: g.forGood(names.length, first) });
    return;
  }
  const action = { label: g.undo, run: () => undo(server, paths).catch((thrown: unknown) => tell(problemOf(thrown))) };
  tell({ kind: "good", text: g.done(names.length, first), action });
}

function agreed(first: string, count: number): Promise<boolean> {
  return sure({ title: g.title(count), text: g.text(first, count), action: g.action, danger: true });
}

async function gone(server: string, paths: readonly string[], trash: boolean): Promise<void> {
  const [path] = paths;
  if (path !== undefined && paths.length === 1) return removeOne(server, path, trash);
  await together(server, paths.map((one) => ({ operation: "rm", path: told(one) })), trash);
}

function hasNoTrash(problem: Problem): boolean {
  return problem.status === 403 || problem.kind === "operation-failed" || problem.kind === "job-failed"
    ? /file system/.test(problem.message)
    : false;
}

/** Put back what was deleted last at these paths. */
export async function undo(server: string, paths: readonly string[]): Promise<void> {
  const latest = new Map<string, string>();
  for (const one of await trashed(server)) {
    const path = plain(one.path);
    if (!latest.has(path)) latest.set(path, one.id);
  }
  let back = 0;
  let problem: Problem | undefined;
  for (const path of paths) {
    const id = latest.get(path);
    try {
      if (id === undefined) throw new Problem(g.lost, "no-such-file");
      await restore(server, id);
      back += 1;
    } catch (thrown) {
      problem ??= new Problem(`${nameOf(path)}: ${problemOf(thrown).message}`, problemOf(thrown).kind);
    }
  }
  touch(server, ...new Set(paths.map(parentOf)));
  if (problem !== undefined) tell(problem);
  if (back > 0) tell({ kind: "good", text: g.undone(back) });
}
