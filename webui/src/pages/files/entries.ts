/** What is in a folder, and in which order it is shown. */

import { isAddressable } from "./paths";

/** As `GET /server/{id}/files` tells it: bytes, seconds since 1970. */
export interface Listed {
  name: string;
  size: number;
  mimeType: string;
  /** A link counts as a folder, whatever it leads to. */
  folder: boolean;
  lastModified: number;
  /** Three octal digits; an older daemon does not tell. */
  mode?: string;
}

export interface Entry extends Listed {
  /** What tells it from the others: its name, unless two look the same. */
  key: string;
  link: boolean;
  /** Whether the API can be asked for it. */
  addressable: boolean;
}

export type SortBy = "name" | "size" | "modified";

export interface Order {
  by: SortBy;
  down: boolean;
}

/** Return the entries of a listing. */
export function entriesOf(listed: readonly Listed[]): Entry[] {
  const seen = new Set<string>();
  return listed.map((one, at) => {
    const key = seen.has(one.name) ? `${one.name}\0${at}` : one.name;
    seen.add(one.name);
    return { ...one, key, link: one.mimeType === "inode/symlink", addressable: isAddressable(one.name) };
  });
}

// Numbers in names count as numbers: world2 stands before world10.
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const exactly = new Intl.Collator(undefined, { numeric: true });

/** Compare two names as people order them. */
export function byName(one: string, other: string): number {
  return names.compare(one, other) || exactly.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
}

/** Return the entries in order: folders always first. */
export function sorted(entries: readonly Entry[], { by, down }: Order): Entry[] {
  const sign = down ? -1 : 1;
  return [...entries].sort((one, other) => {
    if (one.folder !== other.folder) return one.folder ? -1 : 1;
    let order = 0;
    // What a folder itself takes on the disk says nothing.
    if (by === "size" && !one.folder) order = one.size - other.size;
    if (by === "modified") order = one.lastModified - other.lastModified;
    return order === 0 ? (by === "name" ? sign : 1) * byName(one.name, other.name) : sign * order;
  });
}

/** Return those that shall be seen: names that hold the text, in any case, and hidden ones only if wanted. */
export function filtered(entries: readonly Entry[], text: string, hidden: boolean): Entry[] {
  const wanted = text.toLowerCase();
  return entries.filter(
    (one) => (hidden || !one.name.startsWith(".")) && (wanted === "" || one.name.toLowerCase().includes(wanted)),
  );
}
