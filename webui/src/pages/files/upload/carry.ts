/**
 * How one thing gets to the server: folders are made, small files go in one request, others by tus.
 *
 * Rules:
 * - Nothing is replaced that nobody has agreed to: all go with `If-None-Match: *`, which is looked at when the last byte
 *   has come; before a large one is sent, it is looked who has its name.
 * - Memory does not depend on how large a file is: a slice of it is sent at once, and the browser reads it meanwhile.
 */

import type { Problem } from "../../../api/problem";
import { serverPath } from "../../../api/base";
import { ask } from "../../../api/request";
import { another, join, nameOf, namesOf, told } from "../paths";
import { knownOf, namesIn } from "./known";
import { Memory } from "./memory";
import { patience } from "./patience";
import type { Task } from "./queue";
import { type Reply, send } from "./send";
import { type Answer, PAUSES, Upload } from "./tus";

/** Bytes: what is larger can be interrupted. */
export const SMALL = 4 << 20;
const CHUNK = 16 << 20;
/** Milliseconds for which an upload is remembered if the daemon does not say how long it keeps it. */
const USUAL = 24 * 3600 * 1000;
const MOST_NAMES = 1000;

const TUS = { "Tus-Resumable": "1.0.0" };

export const memory = new Memory(localStorage);

/** Carry a task; see `Carry`. */
export async function carry(task: Task, signal: AbortSignal, changed: () => void): Promise<"done" | "exists"> {
  const { server } = task.batch;
  const folder = task.source === null ? join(task.folder, task.name) : task.folder;
  await made(task, folder, signal, changed);
  if (task.source === null) return "done";
  const file = await opened(task);
  task.size = file.size;
  if (file.size <= SMALL) return whole(task, file, signal, changed);
  const names = await namesIn(task.batch, task.folder, signal);
  let name = task.name;
  const begun = task.url !== undefined || memory.find(about(task, file, name)) !== undefined;
  if (names.has(name) && !begun) {
    if (task.decision === undefined || task.decision === "skip") return "exists";
    if (task.decision === "both") name = another(name, false, (one) => names.has(one));
  }
  names.add(name);
  while ((await resumable(task, file, name, signal, changed)) === "exists") {
    // Somebody has made it while it came: what has come stays on the server until the person has decided.
    knownOf(task.batch).names.delete(task.folder);
    if (task.decision !== "both") return "exists";
    if (task.url !== undefined) await discard(server, task.url);
    task.url = undefined;
    const taken = await namesIn(task.batch, task.folder, signal);
    name = another(name, false, (one) => taken.has(one));
    taken.add(name);
  }
  memory.forget(server, task.url ?? "");
  return "done";
}

/** Give up what is left of a task on the server. */
export async function discard(server: string, url: string): Promise<void> {
  memory.forget(server, url);
  await ask(uploadPath(server, url), { method: "DELETE", headers: TUS }).catch(() => undefined);
}

async function opened(task: Task): Promise<File> {
  if (task.source === null || task.source instanceof File) return task.source as File;
  return task.source();
}

/** Make a folder and those above it, each once; the folder where the batch goes is there. */
async function made(task: Task, folder: string, signal: AbortSignal, changed: () => void): Promise<void> {
  const { batch } = task;
  const above = namesOf(folder.slice(batch.base.length));
  let path = batch.base;
  for (const name of above) {
    path = join(path, name);
    const { folders } = knownOf(batch);
    let making = folders.get(path);
    if (making === undefined) {
      making = makeFolder(batch.server, path, signal, (problem) => waits(task, problem, changed));
      folders.set(path, making);
      making.catch(() => folders.delete(path));
    }
    await making;
  }
  waits(task, undefined, changed);
}

async function makeFolder(server: string, path: string, signal: AbortSignal, wait: Wait): Promise<void> {
  const reply = await persistent(signal, wait, () =>
    send(serverPath(server, "folder"), { method: "POST", query: { path: told(path) }, signal }),
  );
  // That it is there is as good as having made it; if it is no folder, the file that goes in there says so.
  if (reply.problem !== undefined && reply.problem.kind !== "file-exists") throw reply.problem;
}

async function whole(task: Task, file: File, signal: AbortSignal, changed: () => void): Promise<"done" | "exists"> {
  const { server } = task.batch;
  let name = task.name;
  let lost = false;
  for (let count = 0; count < MOST_NAMES; count += 1) {
    const path = join(task.folder, name);
    const wait: Wait = (problem) => {
      lost ||= problem?.status === 0;
      waits(task, problem, changed);
    };
    const reply = await persistent(signal, wait, () =>
      send(serverPath(server, "file"), {
        method: "PUT",
        query: { path: told(path) },
        headers: { "Content-Type": "application/octet-stream", ...onlyNew(task) },
        body: file,
        signal,
        progress: (sent) => arrived(task, sent, changed),
      }),
    );
    if (reply.problem === undefined) return "done";
    const exists = reply.status === 412 || reply.problem.kind === "file-exists";
    if (!exists) throw reply.problem;
    // The same is there already: nothing is to be done, or it was done when the answer was lost, which browsers hide
    // when they send a request again by themselves.
    if ((lost || task.decision === undefined) && (await isThere(server, path, file, signal))) return "done";
    arrived(task, 0, changed);
    if (task.decision !== "both") return "exists";
    const tried = new Set<string>([name]);
    name = another(name, false, (one) => tried.has(one));
  }
  return "exists";
}

async function isThere(server: string, path: string, file: File, signal: AbortSignal): Promise<boolean> {
  try {
    const query = { path: told(path) };
    const head = await ask(serverPath(server, "file"), { method: "HEAD", query, signal });
    if (Number(head.headers.get("Content-Length")) !== file.size) return false;
    const answer = await ask(serverPath(server, "file"), { query, signal });
    const [there, here] = await Promise.all([answer.arrayBuffer(), file.arrayBuffer()]);
    const [one, other] = [new Uint8Array(there), new Uint8Array(here)];
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
  } catch {
    return false;
  }
}

async function resumable(
  task: Task,
  file: File,
  name: string,
  signal: AbortSignal,
  changed: () => void,
): Promise<"done" | "exists"> {
  const { server } = task.batch;
  task.url ??= memory.find(about(task, file, name))?.url;
  const upload = new Upload(file.size, CHUNK, task.url);
  for (;;) {
    const { step } = upload;
    switch (step.do) {
      case "done":
        return "done";
      case "fail":
        if (step.why.status === 412 && step.why.kind === "modified") return "exists";
        throw step.why;
      case "wait":
        waits(task, step.why, changed);
        await patience(step.seconds, signal);
        upload.waited();
        continue;
      case "create":
        upload.take(answerOf(await created(task, name, file.size, signal)));
        task.url = upload.url;
        break;
      case "ask":
        upload.take(answerOf(await send(uploadPath(server, step.url), { method: "HEAD", headers: TUS, signal })));
        break;
      case "send":
        upload.take(answerOf(await sent(task, file, step, signal, changed)));
        break;
    }
    if (upload.step.do !== "wait") waits(task, undefined, changed);
    if (upload.url !== undefined && step.do !== "send") note(task, file, name, upload.url);
    arrived(task, upload.offset, changed);
  }
}

function created(task: Task, name: string, size: number, signal: AbortSignal): Promise<Reply> {
  const metadata = `filename ${base64(name)},path ${base64(told(task.folder))}`;
  return send(serverPath(task.batch.server, "uploads"), {
    method: "POST",
    headers: { ...TUS, ...onlyNew(task), "Upload-Length": String(size), "Upload-Metadata": metadata },
    signal,
  });
}

function sent(
  task: Task,
  file: File,
  { url, from, to }: { url: string; from: number; to: number },
  signal: AbortSignal,
  changed: () => void,
): Promise<Reply> {
  return send(uploadPath(task.batch.server, url), {
    method: "PATCH",
    headers: { ...TUS, ...onlyNew(task), "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
    body: file.slice(from, to),
    signal,
    progress: (bytes) => arrived(task, from + bytes, changed),
  });
}

/** Unless the person has said so, nothing is replaced. */
function onlyNew(task: Task): Readonly<Record<string, string>> {
  return task.decision === "replace" ? {} : { "If-None-Match": "*" };
}

function answerOf(reply: Reply): Answer {
  const location = reply.header("Location");
  return {
    status: reply.status,
    problem: reply.problem,
    offset: numberIn(reply.header("Upload-Offset")),
    length: numberIn(reply.header("Upload-Length")),
    url: location === null ? undefined : nameOf(location),
  };
}

type Wait = (problem: Problem | undefined) => void;

/** Try something again while nobody answers; what is refused is returned. */
async function persistent(signal: AbortSignal, wait: Wait, attempt: () => Promise<Reply>): Promise<Reply> {
  for (let count = 0; ; count += 1) {
    const reply = await attempt();
    if (![0, 408, 429, 502, 503, 504].includes(reply.status)) return reply;
    const pause = PAUSES[Math.min(count, PAUSES.length - 1)] as number;
    wait(reply.problem);
    await patience(Math.max(pause, reply.problem?.retryAfter ?? 0), signal);
  }
}

function waits(task: Task, problem: Problem | undefined, changed: () => void): void {
  if (task.problem === problem) return;
  task.problem = problem;
  changed();
}

function arrived(task: Task, bytes: number, changed: () => void): void {
  task.sent = Math.min(bytes, task.size);
  changed();
}

function note(task: Task, file: File, name: string, url: string): void {
  const at = Date.now();
  memory.note({ ...about(task, file, name), url, at, expires: at + USUAL });
}

function about(task: Task, file: File, name: string) {
  const { folder } = task;
  return { server: task.batch.server, folder, name, size: file.size, from: file.name, modified: file.lastModified };
}

function uploadPath(server: string, url: string): string {
  return serverPath(server, `uploads/${encodeURIComponent(url)}`);
}

function numberIn(text: string | null): number | undefined {
  return text === null || text === "" ? undefined : Number(text);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

