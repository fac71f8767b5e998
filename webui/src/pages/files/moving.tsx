/** Moving and copying, by a folder that is chosen or by what was cut and copied. */

import { signal } from "@preact/signals";
import { Problem, problemOf } from "../../api/problem";
import { open, sure } from "../../parts/dialog";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { listFolder } from "./listing";
import { carryOne, together } from "./operate";
import { another, isInside, join, nameOf, parentOf, told } from "./paths";
import { Picker } from "./picker";
import { touch } from "./touched";

const w = t.files.work;

export interface Clipboard {
  server: string;
  paths: readonly string[];
  cut: boolean;
  folders: ReadonlySet<string>;
}

/** What was cut or copied, to be pasted into a folder of the same server. */
export const clipboard = signal<Clipboard | null>(null);

/** Cut or copy names of a folder. */
export function take(server: string, folder: string, names: readonly string[], cut: boolean, folders: Iterable<string>): void {
  if (names.length === 0) return;
  const inFolder = (name: string) => join(folder, name);
  clipboard.value = { server, paths: names.map(inFolder), cut, folders: new Set([...folders].map(inFolder)) };
  tell({ kind: "info", text: (cut ? t.files.cutDone : t.files.copyDone)(names.length) });
}

/** Paste into a folder: what is copied into where it is gets another name. */
export async function paste(server: string, folder: string): Promise<void> {
  const taken = clipboard.value;
  if (taken === null || taken.server !== server) return;
  const { paths, cut, folders } = taken;
  const moved = cut ? paths.filter((path) => parentOf(path) !== folder) : paths;
  if (moved.length === 0) {
    clipboard.value = null;
    return;
  }
  const there = cut ? new Set<string>() : new Set((await listFolder(server, folder)).map((one) => one.name));
  const pairs = moved.map((src): [string, string] => {
    if (cut || parentOf(src) !== folder) return [src, folder];
    const name = another(nameOf(src), folders.has(src), (one) => there.has(one));
    there.add(name);
    return [src, join(folder, name)];
  });
  await transfer(server, cut ? "mv" : "cp", pairs, folder, folders);
  if (cut) clipboard.value = null;
}

/** Ask for a folder, and move or copy names of another there. */
export function ask(server: string, folder: string, names: readonly string[], operation: "mv" | "cp", folders: Iterable<string>): void {
  if (names.length === 0) return;
  const all = new Set([...folders].map((name) => join(folder, name)));
  const p = t.files.picker;
  open((close) => (
    <Picker
      server={server}
      start={folder}
      title={(operation === "mv" ? p.move : p.copy)(names.length)}
      action={operation === "mv" ? p.moveHere : p.copyHere}
      wrong={(dest) => {
        if (names.some((name) => all.has(join(folder, name)) && isInside(dest, join(folder, name)))) return p.into;
        return dest === folder && operation === "mv" ? p.same : undefined;
      }}
      onClose={close}
      onChosen={async (dest) => {
        close();
        if (operation === "cp" && dest === folder) {
          const there = new Set((await listFolder(server, folder)).map((one) => one.name));
          const pairs = names.map((name): [string, string] => [
            join(folder, name),
            join(dest, another(name, all.has(join(folder, name)), (one) => there.has(one))),
          ]);
          return transfer(server, "cp", pairs, dest, all);
        }
        return transfer(server, operation, names.map((name): [string, string] => [join(folder, name), dest]), dest, all);
      }}
    />
  ));
}

/** Move or copy each source to its destination; a folder as destination takes it in. */
async function transfer(
  server: string,
  operation: "mv" | "cp",
  pairs: readonly (readonly [string, string])[],
  folder: string,
  folders: ReadonlySet<string>,
): Promise<void> {
  if (pairs.some(([src]) => folders.has(src) && isInside(folder, src))) {
    throw new Problem(w.intoItself, "into-itself");
  }
  try {
    const [only] = pairs;
    if (pairs.length === 1 && only !== undefined) await carryOne(server, operation, only[0], only[1]);
    else await together(server, pairs.map(([src, dest]) => ({ operation, src: told(src), dest: told(dest) })));
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (pairs.length === 1 || problem.kind === "aborted" || problem.kind === "unreachable") throw problem;
    const text = w.oneByOneText(problem.message);
    if (!(await sure({ title: w.oneByOne, text, action: w.oneByOneAction }))) return;
    await oneByOne(server, operation, pairs);
    return;
  } finally {
    touch(server, folder, ...new Set(pairs.map(([src]) => parentOf(src))));
  }
  tell({ kind: "good", text: (operation === "mv" ? w.moved : w.copied)(pairs.length) });
}

async function oneByOne(server: string, operation: "mv" | "cp", pairs: readonly (readonly [string, string])[]): Promise<void> {
  let failed = 0;
  let reason = "";
  for (const [src, dest] of pairs) {
    try {
      await carryOne(server, operation, src, dest);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind === "aborted") break;
      failed += 1;
      reason ||= `${nameOf(src)}: ${problem.message}`;
    }
  }
  const done = pairs.length - failed;
  if (done > 0) tell({ kind: "good", text: (operation === "mv" ? w.moved : w.copied)(done) });
  if (failed > 0) tell({ kind: "fault", text: w.some(failed, reason) });
}
