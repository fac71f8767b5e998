/**
 * Requests to the API: one way for all of them.
 *
 * Rules:
 * - The cookie says who we are. When it does not any more, the person is asked to log in again, over the page as it is,
 *   and the request is sent again: nothing that was typed is lost.
 * - Whatever goes wrong is a `Problem`.
 */

import { apiUrl, type Query } from "./base";
import { Problem, problemIn } from "./problem";
import { t } from "../strings";

/** How a request is made, beside its path. `json` becomes the body. */
export interface Options {
  method?: string;
  query?: Query;
  json?: unknown;
  body?: BodyInit;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Whether a 401 is told instead of asking the person to log in. */
  mayBeOut?: boolean;
}

type Relogin = () => Promise<void>;
let relogin: Relogin = () => Promise.reject(new Problem(t.problem.out, "not-authenticated", 401));

/** Say what asks the person to log in again; it resolves when that is done, and rejects if it will not be. */
export function onceOut(ask: Relogin): void {
  relogin = ask;
}

/** Ask, and return a good answer; throws `Problem`. */
export async function ask(path: string, options: Options = {}): Promise<Response> {
  for (;;) {
    const answer = await send(path, options);
    if (answer.ok) return answer;
    const problem = await problemIn(answer);
    if (answer.status !== 401 || options.mayBeOut) throw problem;
    await relogin();
  }
}

/** Ask, and return what the answer's JSON says; throws `Problem`. */
export async function askJson<T>(path: string, options: Options = {}): Promise<T> {
  const answer = await ask(path, options);
  try {
    return (await answer.json()) as T;
  } catch {
    throw new Problem(t.problem.cut, "unreachable");
  }
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  let body = options.body;
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.json);
  }
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  try {
    return await fetch(apiUrl(path, options.query), {
      method,
      headers,
      cache: "no-store",
      credentials: "same-origin",
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (thrown) {
    if (options.signal?.aborted) throw new Problem(t.problem.aborted, "aborted");
    throw new Problem(t.problem.unreachable, "unreachable", 0, thrown);
  }
}
