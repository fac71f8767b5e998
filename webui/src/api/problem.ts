/** What has kept a request from being done, in words for people and a kind for programs. */

import { t } from "../strings";

/** The API's word for it, or one of ours: `unreachable` (nobody answers), `aborted`. */
export type Kind = string;

/** An error with a sentence that can be shown. `detail` is what the API adds for some kinds. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly kind: Kind,
    readonly status = 0,
    readonly detail: unknown = undefined,
    /** Seconds after which it may be tried again, if the API says so. */
    readonly retryAfter: number | undefined = undefined,
  ) {
    super(message);
    this.name = "Problem";
  }
}

/** Return whatever was thrown as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError") {
    return new Problem(t.problem.aborted, "aborted");
  }
  return new Problem(thrown instanceof Error ? thrown.message : String(thrown), "fault");
}

/** Return the problem that an answer tells; its body is read. */
export async function problemIn(answer: Response): Promise<Problem> {
  const wait = Number(answer.headers.get("Retry-After")) || undefined;
  let told: { error?: unknown; kind?: unknown; detail?: unknown } = {};
  try {
    told = (await answer.json()) as typeof told;
  } catch {
    // A proxy's page, or nothing: the status says what there is to say.
  }
  const message = typeof told.error === "string" ? told.error : t.problem.status(answer.status);
  const kind = typeof told.kind === "string" ? told.kind : "unknown";
  return new Problem(message, kind, answer.status, told.detail, wait);
}
