/** Folders in which this page has changed something: who shows one lists it again. */

import { signal } from "@preact/signals";

export interface Touched {
  server: string;
  folders: ReadonlySet<string>;
}

export const touched = signal<Touched | null>(null);

/** Say that something in these folders of a server is different. */
export function touch(server: string, ...folders: string[]): void {
  touched.value = { server, folders: new Set(folders) };
}
