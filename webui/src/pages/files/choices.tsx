/** What can be done with what is chosen: the same in the bar, in the menu of a row, and by keys. */

import { keptTo, may } from "../../api/account";
import type { IconName } from "../../parts/icon";
import type { MenuItem } from "../../parts/menu";
import { t } from "../../strings";
import { go } from "../../route";
import { askPack, askUnpack } from "./archives";
import { download } from "./downloading";
import type { Entry } from "./entries";
import { isExtractable, kindOf } from "./kinds";
import { askMode, modesOf } from "./mode";
import { measureFolder } from "./measuring";
import { ask, take } from "./moving";
import { askName } from "./naming";
import { carryOne } from "./operate";
import { editorHash, folderHash, isInside, join, plain } from "./paths";
import { remove } from "./removing";
import { touch } from "./touched";

/** A folder that is shown, with all that is in it. */
export interface Here {
  server: string;
  path: string;
  entries: readonly Entry[];
  /** Give the focus to what has this name as soon as it is there. */
  select: (name: string) => void;
}

const f = t.files;

/** What one may do with what is in a folder of a server. */
export function rights(server: string, path: string) {
  const can = (what: string) => {
    const permission = `server.files.${what}`;
    const folders = keptTo(permission, server);
    return may(permission, server) && (folders === null || folders.some((folder) => isInside(path, plain(folder))));
  };
  return {
    download: can("download"),
    upload: can("upload"),
    modify: can("modify"),
    create: can("createFolder"),
    compress: can("compress"),
    decompress: can("decompress"),
  };
}

/** Return the place that opening something leads to. */
export function placeOfEntry(here: Pick<Here, "server" | "path">, entry: Entry): string {
  return entry.folder
    ? folderHash(here.server, join(here.path, entry.name))
    : folderHash(here.server, here.path, { show: entry.name });
}

/** Give something another name. */
export function rename(here: Here, entry: Entry): void {
  const taken = new Set(here.entries.map((one) => one.name));
  askName({
    title: f.naming.rename(entry.name),
    action: f.naming.rename_,
    name: entry.name,
    folder: entry.folder,
    taken,
    run: async (name) => {
      await carryOne(here.server, "mv", join(here.path, entry.name), join(here.path, name));
      here.select(name);
      touch(here.server, here.path);
    },
  });
}

/** Return what can be done with the entries that are chosen. */
export function itemsFor(here: Here, chosen: readonly Entry[]): MenuItem[] {
  const { server, path } = here;
  const can = rights(server, path);
  const names = chosen.map((one) => one.name);
  const folders = chosen.filter((one) => one.folder && !one.link).map((one) => one.name);
  const one = chosen.length === 1 ? chosen[0] : undefined;
  const items: MenuItem[] = [];
  const add = (is: boolean, label: string, icon: IconName, run: () => unknown, more: Partial<MenuItem> = {}) => {
    if (is) items.push({ label, icon, run, ...more });
  };
  if (one !== undefined) {
    const kind = kindOf(one);
    add(one.folder || can.download, one.folder ? f.open : f.preview, one.folder ? "folder" : "eye", () => go(placeOfEntry(here, one)));
    add(kind === "text" && can.download, f.edit, "edit", () => go(editorHash(server, join(path, one.name))));
  }
  if (one !== undefined && !one.folder) {
    add(can.download, f.download, "download", () => download(here, chosen, null));
  } else {
    add(can.download, f.downloadZip, "download", () => download(here, chosen, "zip"));
    add(can.download, f.downloadTar, "download", () => download(here, chosen, "tar.zst"));
  }
  if (one !== undefined) {
    add(can.modify, f.rename, "edit", () => rename(here, one));
    add(can.decompress && isExtractable(one), f.extract, "archive", () => askUnpack(server, path, one.name));
  }
  add(can.modify, f.cut, "scissors", () => take(server, path, names, true, folders));
  add(can.modify, f.copy, "copy", () => take(server, path, names, false, folders));
  add(can.modify, f.move, "folderMove", () => ask(server, path, names, "mv", folders));
  add(can.modify, f.copyTo, "copy", () => ask(server, path, names, "cp", folders));
  add(can.compress, f.archive, "archive", () => {
    askPack({ server, folder: path, names, taken: new Set(here.entries.map((entry) => entry.name)) });
  });
  add(can.modify, f.mode, "shield", () => askMode(server, path, names, modesOf(chosen), folders.length > 0 ? "755" : "644"));
  if (one?.folder) add(true, f.measure, "info", () => measureFolder(server, join(path, one.name)));
  add(can.modify, f.remove, "trash", () => remove(server, path, names, false), { danger: true });
  add(can.modify, f.removeForGood, "trash", () => remove(server, path, names, true), { danger: true });
  return items;
}
