/** Answers that come in lines of JSON, one object in each, read while they come. */

import { Problem } from "../../api/problem";
import { t } from "../../strings";

/** Characters of a line; a longer one is none of ours. */
const LONGEST = 1 << 20;

/** Yield what stands in the lines; throws `Problem` if the answer is cut off or makes no sense. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const parts = rest.split("\n");
      rest = done ? "" : (parts.pop() ?? "");
      for (const part of parts) if (part.trim() !== "") yield parsed(part);
      if (done) return;
      if (rest.length > LONGEST) throw new Problem(t.problem.cut, "unreachable");
    }
  } finally {
    // Whoever stops reading ends the work there, too.
    await reader.cancel().catch(() => undefined);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem(t.problem.cut, "unreachable");
  }
}
