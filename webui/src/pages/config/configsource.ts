/** The config, as its page reads and writes it. */

import { Problem } from "../../api/problem";
import { ask } from "../../api/request";
import type { Bytes, Place, Version } from "../../code/opened";

async function get(mayBeOut = false): Promise<Version> {
  const answer = await ask("config", { mayBeOut });
  return { bytes: new Uint8Array(await answer.arrayBuffer()), etag: answer.headers.get("ETag") ?? "" };
}

/** The config. */
export const configSource: Place = {
  read: () => get(),
  look: async () => (await get(true)).etag,
  write: async (content: Bytes, over: string | null) => {
    const headers = { "Content-Type": "text/plain; charset=utf-8", ...(over === null ? {} : { "If-Match": over }) };
    try {
      await ask("config", { method: "PATCH", body: content, headers });
    } catch (thrown) {
      // For Octyne's clients the sentence is always the same; what is wrong stands beside it.
      if (thrown instanceof Problem && thrown.kind === "invalid-config" && typeof thrown.detail === "string") {
        throw new Problem(thrown.detail, thrown.kind, thrown.status);
      }
      throw thrown;
    }
    // It is kept without blanks at its ends, and the answer does not name what was kept.
    try {
      return await get();
    } catch {
      // It is saved all the same: it may just have moved the page to another port. What is there is seen at the next look.
      return { bytes: content, etag: "" };
    }
  },
};
