/**
 * Paths within a server's folder: names with slashes between them, none at the beginning. The folder itself is "".
 *
 * Names may hold anything but a slash and a NUL: blanks, `#`, `%`, `?`, quotes and line ends too.
 */

import { apiUrl, type Query, serverPath } from "../../api/base";
import { hashOf } from "../../route";

/** Return the names that a path is made of. */
export function namesOf(path: string): string[] {
  return path.split("/").filter(Boolean);
}

/** Return the path of something in a folder. */
export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Return the folder that something is in; that of the server's folder is itself. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Return the last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Return a path as the API tells it, or as a person types it, in our form. */
export function plain(path: string): string {
  return namesOf(path)
    .filter((name) => name !== ".")
    .join("/");
}

/** Return a path in the API's form. */
export function told(path: string): string {
  return `/${path}`;
}

/** Tell whether something is in a folder, however deep, or is the folder. */
export function isInside(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** Return the place where a folder is shown. */
export function folderHash(server: string, path: string, query: Record<string, string> = {}): string {
  return hashOf(["server", server, "files", ...namesOf(path)], query);
}

/** Return the place where a file is edited, perhaps at a line. */
export function editorHash(server: string, path: string, line?: number): string {
  return hashOf(["server", server, "edit", ...namesOf(path)], line === undefined ? {} : { line: String(line) });
}

/** Return the address of a file's bytes; with `archive`, of an archive of it. */
export function fileUrl(server: string, path: string, more: Query = {}): string {
  return apiUrl(serverPath(server, "file"), { path: told(path), ...more });
}

/** What archives and their kin end with, where the last dot is not the whole of it. */
const DOUBLE = /\.tar\.[a-z0-9]+$/i;

/** Return where the ending of a name begins; a name that begins with a dot has none by that. */
export function endingAt(name: string): number {
  const double = name.search(DOUBLE);
  if (double > 0) return double;
  const dot = name.lastIndexOf(".");
  return dot > 0 ? dot : name.length;
}

/** Return a name like this one that is not taken, such as `notes (2).txt`. */
export function another(name: string, folder: boolean, isTaken: (name: string) => boolean): string {
  const at = folder ? name.length : endingAt(name);
  const numbered = / \((\d+)\)$/.exec(name.slice(0, at));
  const stem = numbered ? name.slice(0, numbered.index) : name.slice(0, at);
  for (let count = numbered ? Number(numbered[1]) + 1 : 2; ; count += 1) {
    const found = `${stem} (${count})${name.slice(at)}`;
    if (!isTaken(found)) return found;
  }
}

/** Tell whether the API can be asked for something of this name: what is not UTF-8 is told with U+FFFD. */
export function isAddressable(name: string): boolean {
  return !name.includes("\ufffd");
}

/** Return a name as it is shown: in one line, with a sign for each character that has none. */
export function visible(name: string): string {
  return name
    .replace(/[\0-\x1f\x7f]/g, (one) => (one === "\x7f" ? "\u2421" : String.fromCharCode(0x2400 + one.charCodeAt(0))))
    // These turn the order of what follows: a program could look like a picture.
    .replace(/[\x80-\x9f\u202a-\u202e\u2066-\u2069]/g, (one) => `<U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

export type Wrong = "empty" | "slash" | "dots" | "nul" | "long" | "ours";

/** Bytes that a name may have on Linux. */
const LONGEST = 255;

/** Return what is wrong with a name for something new, or null. */
export function wrongIn(name: string): Wrong | null {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (name.includes("/")) return "slash";
  if (name.includes("\0")) return "nul";
  if (name.startsWith(".holdfast-")) return "ours";
  return new TextEncoder().encode(name).length > LONGEST ? "long" : null;
}
