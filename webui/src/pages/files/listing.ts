/** What is asked of the API about folders. */

import { serverPath } from "../../api/base";
import { askJson } from "../../api/request";
import type { Listed } from "./entries";
import { told } from "./paths";

/** What is in a folder and below it. */
export interface FolderSize {
  size: number;
  onDisk: number;
  files: number;
  folders: number;
  unread: number;
}

/** Return what is in a folder; throws `Problem`. */
export async function listFolder(server: string, path: string, signal?: AbortSignal): Promise<Listed[]> {
  const query = { path: told(path) };
  return (await askJson<{ contents: Listed[] }>(serverPath(server, "files"), { query, signal })).contents;
}

/** Return how much is in a folder and below it; throws `Problem`. */
export function measure(server: string, path: string, signal?: AbortSignal): Promise<FolderSize> {
  return askJson<FolderSize>(serverPath(server, "folder"), { query: { path: told(path) }, signal });
}
