/** A file of a server, as the editor reads and writes it. */

import { apiUrl, serverPath } from "../../api/base";
import { Problem } from "../../api/problem";
import { ask, askJson } from "../../api/request";
import type { Bytes, Place, Version } from "../../code/opened";
import { bytes as sizeOf } from "../../format";
import { t } from "../../strings";

/** Bytes of a file that can be edited. */
export const MOST = 4 << 20;
/** Bytes that are shown of one that is larger. */
export const SHOWN = 256 << 10;

export type Found =
  | { is: "missing" }
  | { is: "whole"; version: Version }
  | { is: "large"; size: number; beginning: Bytes };

/** One file. */
export class FileSource implements Place {
  readonly #address: string;
  readonly #query: { path: string };

  constructor(server: string, readonly path: string) {
    this.#address = serverPath(server, "file");
    this.#query = { path };
  }

  /** The address at which it can be downloaded. */
  get url(): string {
    return apiUrl(this.#address, this.#query);
  }

  /** Return what there is, of a large file only its beginning. Throws `Problem`. */
  async find(signal: AbortSignal): Promise<Found> {
    const head = await this.#head(signal);
    const size = Number(head?.headers.get("Content-Length") ?? 0);
    if (head === null || size <= MOST) {
      const version = await this.#get(signal);
      return version === null ? { is: "missing" } : { is: "whole", version };
    }
    const headers = { Range: `bytes=0-${SHOWN - 1}` };
    const answer = await ask(this.#address, { query: this.#query, headers, signal });
    return { is: "large", size, beginning: new Uint8Array(await answer.arrayBuffer()) };
  }

  read = (): Promise<Version | null> => this.#get(undefined);

  look = async (): Promise<string | null> => {
    try {
      return etagOf(await ask(this.#address, { method: "HEAD", query: this.#query, mayBeOut: true }));
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.status === 404) return null;
      throw thrown;
    }
  };

  write = async (content: Bytes, over: string | null): Promise<Version> => {
    const headers: Record<string, string> = { "Content-Type": "application/octet-stream" };
    if (over === null) headers["If-None-Match"] = "*";
    else headers["If-Match"] = over;
    try {
      const told = await askJson<{ etag: string }>(this.#address, { method: "PUT", query: this.#query, headers, body: content });
      return { bytes: content, etag: told.etag };
    } catch (thrown) {
      // Where nothing was to be, there is something: by either word.
      if (thrown instanceof Problem && thrown.status === 409 && over === null) {
        throw new Problem(thrown.message, thrown.kind, 412);
      }
      throw thrown;
    }
  };

  async #head(signal: AbortSignal): Promise<Response | null> {
    try {
      return await ask(this.#address, { method: "HEAD", query: this.#query, signal });
    } catch (thrown) {
      // An answer to HEAD has no words: the GET has them.
      if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) return null;
      throw thrown;
    }
  }

  async #get(signal: AbortSignal | undefined): Promise<Version | null> {
    const stop = new AbortController();
    signal?.addEventListener("abort", () => stop.abort());
    try {
      const answer = await ask(this.#address, { query: this.#query, signal: stop.signal });
      if (Number(answer.headers.get("Content-Length") ?? 0) > MOST) {
        stop.abort();
        throw new Problem(t.editor.larger(sizeOf(MOST)), "too-large");
      }
      return { bytes: await contentOf(answer), etag: etagOf(answer) };
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.status === 404 && thrown.kind === "no-such-file") return null;
      throw thrown;
    }
  }
}

function etagOf(answer: Response): string {
  return answer.headers.get("ETag") ?? "";
}

async function contentOf(answer: Response): Promise<Bytes> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch {
    throw new Problem(t.problem.cut, "unreachable");
  }
}
