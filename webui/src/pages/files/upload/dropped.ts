/** What was chosen or dropped: files and folders with all that is in them, one after the other while they are read. */

import { join, parentOf, plain } from "../paths";

/** A file, or a folder in which there is nothing; `folder` is where it lies below what was dropped. */
export interface Found {
  folder: string;
  name: string;
  /** Opened when its turn has come: of ten thousand files none is held open. */
  source: File | (() => Promise<File>) | null;
  size: number;
}

/** What the browser tells of a dropped entry, as far as we need it. */
export interface DroppedEntry {
  name: string;
  isFile: boolean;
  isDirectory: boolean;
}

/** Return the entries that were dropped. They are there only during the event. */
export function entriesIn(transfer: DataTransfer): FileSystemEntry[] {
  return [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
}

/** Yield what is in dropped entries, folders before what is in them. */
export async function* walked(entries: readonly FileSystemEntry[], folder = ""): AsyncGenerator<Found, void, void> {
  for (const entry of entries) {
    if (entry.isFile) {
      const file = entry as FileSystemFileEntry;
      const source = () => new Promise<File>((resolve, reject) => file.file(resolve, reject));
      // Its size is wanted now, so that one can see how far all of it is.
      const size = await source().then((found) => found.size, () => 0);
      yield { folder, name: entry.name, source, size };
    } else if (entry.isDirectory) {
      const inside = await contents(entry as FileSystemDirectoryEntry);
      if (inside.length === 0) yield { folder, name: entry.name, source: null, size: 0 };
      yield* walked(inside, join(folder, entry.name));
    }
  }
}

/** Return what files that were chosen, perhaps as a folder, are. Empty folders are not told by the browser. */
export function* chosen(files: Iterable<File>): Generator<Found, void, void> {
  for (const file of files) {
    const path = plain(file.webkitRelativePath);
    yield { folder: parentOf(path), name: file.name, source: file, size: file.size };
  }
}

async function contents(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    // A hundred at once in Chromium: the end is an empty answer.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(one);
  }
}
