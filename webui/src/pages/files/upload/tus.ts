/**
 * An upload by tus 1.0 (docs/files.md) as a machine without I/O: it says what shall be done, and is told how that went.
 *
 * Rules:
 * - After anything that leaves open how far the upload has come, it is asked before more is sent.
 * - Who cannot be reached is tried again for as long as the person waits; what is refused is not.
 * - An upload is done when the daemon has answered the last byte, not before: only then is the file at its place.
 */

import { Problem } from "../../../api/problem";
import { t } from "../../../strings";

/** What to do next. `wait` is in seconds; `from` and `to` are bytes. */
export type Step =
  | { do: "create" }
  | { do: "ask"; url: string }
  | { do: "send"; url: string; from: number; to: number }
  | { do: "wait"; seconds: number; why: Problem }
  | { do: "done" }
  | { do: "fail"; why: Problem };

/** How it went: a status of 0 means that there was no answer. */
export interface Answer {
  status: number;
  /** `Upload-Offset` and `Upload-Length`. */
  offset?: number | undefined;
  length?: number | undefined;
  /** Where the upload goes on, from `Location`. */
  url?: string | undefined;
  problem?: Problem | undefined;
}

/** Seconds between attempts. */
export const PAUSES = [0.5, 1, 2, 4, 8, 15];

/** Attempts while the daemon answers, but with faults of its own. */
const MOST_FAULTS = 8;
/** How often an upload may begin anew because the daemon knows it no more. */
const MOST_BEGINNINGS = 3;

/** Answers that may be others in a moment: too slow, busy, too much at once, a proxy without a daemon behind it. */
const PASSING = new Set([408, 423, 425, 429, 500, 502, 503, 504]);
const AWAY = new Set([0, 502, 503, 504]);

/** One upload. */
export class Upload {
  /** Bytes that the daemon is known to have. */
  offset = 0;
  #url: string | undefined;
  #known: boolean;
  #pause: { seconds: number; why: Problem } | null = null;
  #attempts = 0;
  #faults = 0;
  #beginnings = 0;
  #end: Step | null = null;

  /** Send `size` bytes, `chunk` at once; with `url`, go on with an upload that has begun. */
  constructor(
    readonly size: number,
    readonly chunk: number,
    url?: string,
  ) {
    this.#url = url;
    this.#known = url === undefined;
  }

  /** Where it goes on, once it has begun. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Return what to do now; `take` how it went, or `waited`, before asking again. */
  get step(): Step {
    if (this.#end !== null) return this.#end;
    if (this.#pause !== null) return { do: "wait", ...this.#pause };
    if (this.#url === undefined) return { do: "create" };
    if (!this.#known) return { do: "ask", url: this.#url };
    return { do: "send", url: this.#url, from: this.offset, to: Math.min(this.size, this.offset + this.chunk) };
  }

  /** The time of a pause is over, or whoever was away seems to be back. */
  waited(): void {
    this.#pause = null;
  }

  /** What was being done was broken off: nobody knows how far it came. */
  interrupted(): void {
    if (this.#url !== undefined) this.#known = false;
  }

  /** Take in how a step went. */
  take(answer: Answer): void {
    const step = this.step;
    const { status } = answer;
    if (status >= 200 && status < 300) return this.#good(step, answer);
    if (PASSING.has(status) || status === 0) return this.#later(answer);
    if (step.do !== "create" && (status === 404 || status === 410)) return this.#anew(answer);
    if (step.do === "send" && status === 409 && answer.problem?.kind === "wrong-offset") return this.#later(answer, 0);
    this.#fail(answer);
  }

  #good(step: Step, answer: Answer): void {
    this.#attempts = 0;
    if (step.do === "create") {
      if (answer.url === undefined) return this.#fail(answer);
      this.#url = answer.url;
      this.offset = answer.offset ?? 0;
    } else if (step.do === "ask") {
      // Somebody else's, or a file of another size: ours begins anew.
      if (answer.offset === undefined || (answer.length ?? this.size) !== this.size) return this.#anew(answer);
      this.offset = answer.offset;
    } else if (step.do === "send") {
      if (answer.offset === undefined || answer.offset < step.from) return this.#later(answer);
      if (answer.offset > step.from) this.#faults = 0;
      this.offset = answer.offset;
      if (this.offset >= this.size) this.#end = { do: "done" };
    }
    this.#known = true;
  }

  #later(answer: Answer, seconds?: number): void {
    if (!AWAY.has(answer.status) && (this.#faults += 1) > MOST_FAULTS) return this.#fail(answer);
    const usual = PAUSES[Math.min(this.#attempts, PAUSES.length - 1)] as number;
    this.#attempts += 1;
    const why = problemIn(answer);
    this.#pause = { seconds: seconds ?? Math.max(usual, why.retryAfter ?? 0), why };
    this.interrupted();
  }

  #anew(answer: Answer): void {
    if ((this.#beginnings += 1) > MOST_BEGINNINGS) return this.#fail(answer);
    this.#url = undefined;
    this.#known = true;
    this.offset = 0;
  }

  #fail(answer: Answer): void {
    this.#end = { do: "fail", why: problemIn(answer) };
  }
}

function problemIn(answer: Answer): Problem {
  if (answer.problem !== undefined) return answer.problem;
  return answer.status === 0
    ? new Problem(t.problem.unreachable, "unreachable")
    : new Problem(t.problem.status(answer.status), "unknown", answer.status);
}
