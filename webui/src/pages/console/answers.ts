/**
 * What a terminal answers to a program that asks it (where the cursor is, which colours it has) is typed into the program.
 *
 * So it must be asked now, and of us: what is shown of the past was answered when it was said, and of several people who
 * watch, the one answers whose keys go there. A program that nobody answers goes on without, as it does when nobody watches.
 */

import type { Terminal } from "@xterm/xterm";

/** Swallow the questions while `silent` says so. */
export function guardAnswers({ parser }: Terminal, silent: () => boolean): void {
  for (const prefix of [undefined, ">", "="]) parser.registerCsiHandler({ ...(prefix && { prefix }), final: "c" }, silent);
  for (const prefix of [undefined, "?"]) {
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: "n" }, silent);
    parser.registerCsiHandler({ ...(prefix && { prefix }), intermediates: "$", final: "p" }, silent);
  }
  parser.registerCsiHandler({ prefix: ">", final: "q" }, silent);
  parser.registerCsiHandler({ prefix: "?", final: "u" }, silent);
  parser.registerCsiHandler({ final: "t" }, silent);
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, silent);
  for (const code of [4, 10, 11, 12]) parser.registerOscHandler(code, (data) => data.includes("?") && silent());
}
