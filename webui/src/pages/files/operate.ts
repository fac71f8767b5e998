/** What is done to files, as requests: what may take long is a job, which is waited for. All throw `Problem`. */

import { serverPath } from "../../api/base";
import { askJson, type Options } from "../../api/request";
import type { Job } from "../../live/types";
import { ended } from "../jobs/follow";
import { told } from "./paths";

/** How a list of operations names one. */
export type Operation =
  | { operation: "mv" | "cp"; src: string; dest: string }
  | { operation: "rm"; path: string };

/** Operations of one request. */
const MOST = 10_000;

/** Ask for something that may become a job; return the job when it is done, or null if it was done at once. */
export async function begin(path: string, options: Options): Promise<Job | null> {
  const query = { ...options.query, async: true };
  const { job } = await askJson<{ job?: string }>(path, { ...options, query });
  return job === undefined ? null : ended(job);
}

/** Move or copy one thing; a `dest` that is a folder takes it in. */
export async function carryOne(server: string, operation: "mv" | "cp", src: string, dest: string): Promise<void> {
  const json = { operation, src: told(src), dest: told(dest) };
  await begin(serverPath(server, "file"), { method: "PATCH", json });
}

/** Carry out several operations, all or none of them. */
export async function together(server: string, operations: readonly Operation[], trash?: boolean): Promise<void> {
  for (let at = 0; at < operations.length; at += MOST) {
    const json = { operations: operations.slice(at, at + MOST) };
    await begin(serverPath(server, "files"), { method: "PATCH", json, query: { trash } });
  }
}

/** Delete one thing, into the trash or for good. */
export async function removeOne(server: string, path: string, trash: boolean): Promise<void> {
  await begin(serverPath(server, "file"), { method: "DELETE", query: { path: told(path), trash } });
}

/** Make a folder. */
export async function makeFolder(server: string, path: string): Promise<void> {
  await askJson(serverPath(server, "folder"), { method: "POST", query: { path: told(path) } });
}

/** Make an empty file; never over something. */
export async function makeFile(server: string, path: string): Promise<void> {
  const headers = { "If-None-Match": "*", "Content-Type": "application/octet-stream" };
  await askJson(serverPath(server, "file"), { method: "PUT", query: { path: told(path) }, headers, body: "" });
}

/** Change the mode of a file, in octal digits. */
export async function changeMode(server: string, path: string, mode: string): Promise<void> {
  const json = { operation: "chmod", path: told(path), mode };
  await askJson(serverPath(server, "file"), { method: "PATCH", json });
}

/** The formats that archives are made in, and how the API names them. */
export const FORMATS = {
  zip: { archiveType: "zip", compress: "true" },
  "tar.gz": { archiveType: "tar", compress: "gzip" },
  "tar.zst": { archiveType: "tar", compress: "zstd" },
  "tar.xz": { archiveType: "tar", compress: "xz" },
} as const;

export type Format = keyof typeof FORMATS;

/** Make an archive at `path` of names in a folder. */
export async function pack(server: string, folder: string, names: string[], path: string, format: Format): Promise<void> {
  const query = { path: told(path), basePath: told(folder), ...FORMATS[format] };
  await begin(serverPath(server, "compress"), { method: "POST", query, json: names });
}

/** Take an archive apart into a folder; return the job, which knows what was left out. */
export function unpack(server: string, path: string, dest: string): Promise<Job | null> {
  const headers = { "Content-Type": "text/plain" };
  return begin(serverPath(server, "decompress"), { method: "POST", query: { path: told(path) }, headers, body: told(dest) });
}

/** Something in the trash; the size of a folder that nobody has counted is null. */
export interface Trashed {
  id: string;
  path: string;
  name: string;
  folder: boolean;
  size: number | null;
  deletedAt: number;
  deletedBy: string;
}

/** Return what is in the trash, the latest first. */
export async function trashed(server: string, signal?: AbortSignal): Promise<Trashed[]> {
  return (await askJson<{ contents: Trashed[] }>(serverPath(server, "trash"), { signal })).contents;
}

/** Put something back; return where it is. */
export async function restore(server: string, id: string, dest?: string): Promise<string> {
  const json = dest === undefined ? { id } : { id, dest: told(dest) };
  return (await askJson<{ path: string }>(serverPath(server, "trash"), { method: "PATCH", json })).path;
}

/** Delete something in the trash for good, or without an id all of it. */
export async function purge(server: string, id?: string): Promise<void> {
  await begin(serverPath(server, "trash"), { method: "DELETE", query: { id } });
}
