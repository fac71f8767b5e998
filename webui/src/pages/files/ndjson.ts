/** Answers that come in lines of JSON, one object in each, read while they come. */

import { Problem } from "../../api/problem";
import { textLines } from "../../api/textlines";
import { t } from "../../strings";

/** Characters of a line; a longer one is none of ours. */
const LONGEST = 1 << 20;

/** Yield what stands in the lines; throws `Problem` if the answer is cut off or makes no sense. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void, void> {
  try {
    for await (const some of textLines(body, LONGEST)) {
      for (const line of some) if (line.trim() !== "") yield parsed(line);
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new Problem(t.problem.cut, "unreachable");
    throw thrown;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem(t.problem.cut, "unreachable");
  }
}
