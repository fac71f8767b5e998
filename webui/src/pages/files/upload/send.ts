/**
 * A request with a body that may be large: by XMLHttpRequest, the only one that tells how much of it has gone.
 *
 * The browser reads the file while it sends it, so that memory does not depend on its size.
 */

import { logInAgain } from "../../../api/account";
import { apiUrl, type Query } from "../../../api/base";
import { Problem } from "../../../api/problem";
import { t } from "../../../strings";

/** Milliseconds without any progress after which a connection is taken to be dead. */
const SILENCE = 45_000;
/** The same when all of it is sent, and the daemon makes it durable. */
const PATIENCE = 180_000;

export interface Reply {
  /** 0 if there was no answer. */
  status: number;
  header: (name: string) => string | null;
  problem?: Problem | undefined;
}

export interface Sending {
  method: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  body?: Blob | undefined;
  signal: AbortSignal;
  /** Told how many bytes of the body have gone. */
  progress?: (sent: number) => void;
}

/** Send, and return the answer, whatever it is; throws `Problem` of the kind `aborted`, or if the session is over for good. */
export async function send(path: string, sending: Sending): Promise<Reply> {
  for (;;) {
    const reply = await once(path, sending);
    if (reply.status !== 401) return reply;
    await logInAgain();
    if (sending.signal.aborted) throw aborted();
  }
}

function once(path: string, { method, query, headers, body, signal, progress }: Sending): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(aborted());
      return;
    }
    const request = new XMLHttpRequest();
    let watchdog: ReturnType<typeof setTimeout>;
    const alive = (patience: number) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => request.abort(), patience);
    };
    const stop = () => request.abort();
    request.open(method, apiUrl(path, query));
    for (const [name, value] of Object.entries(headers ?? {})) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      alive(SILENCE);
      progress?.(event.loaded);
    };
    request.upload.onload = () => alive(PATIENCE);
    request.onloadend = () => {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(aborted());
      else resolve(replyOf(request));
    };
    signal.addEventListener("abort", stop);
    alive(body === undefined ? PATIENCE : SILENCE);
    request.send(body ?? null);
  });
}

function replyOf(request: XMLHttpRequest): Reply {
  const { status } = request;
  const reply: Reply = { status, header: (name) => request.getResponseHeader(name) };
  if (status >= 200 && status < 300) return reply;
  return { ...reply, problem: problemIn(request) };
}

function problemIn(request: XMLHttpRequest): Problem {
  if (request.status === 0) return new Problem(t.problem.unreachable, "unreachable");
  let told: { error?: unknown; kind?: unknown; detail?: unknown } = {};
  try {
    told = JSON.parse(request.responseText) as typeof told;
  } catch {
    // A proxy's page, or the answer to a HEAD.
  }
  const wait = Number(request.getResponseHeader("Retry-After")) || undefined;
  const message = typeof told.error === "string" ? told.error : t.problem.status(request.status);
  const kind = typeof told.kind === "string" ? told.kind : "unknown";
  return new Problem(message, kind, request.status, told.detail, wait);
}

function aborted(): Problem {
  return new Problem(t.problem.aborted, "aborted");
}
