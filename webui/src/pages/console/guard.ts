/**
 * What a program may do to the terminal on the page by what it says.
 *
 * Rules:
 * - No title, no clipboard, no window: what is seen in the terminal, and nothing else.
 * - No short sequence makes much work: xterm.js does what one asks for as often as it asks, 2 000 000 000 times too,
 *   and the page stands still meanwhile, also for the next who looks, since the server keeps what was said.
 * - Without a terminal, no modes, no other letters, no scrolling, no place on a screen: a few bytes must not make all that
 *   follows unreadable, nor wipe away what was said before. Up, back and to the end of a line is as progress is shown.
 */

import type { Terminal } from "@xterm/xterm";

/** How often something may be asked for at once: more rows or columns no terminal has here. */
const OFTEN = 1000;

/** What is done again and again: tabs, lines that come and go, scrolling, the last letter again. */
const AGAIN = ["I", "Z", "L", "M", "S", "T", "b"] as const;

/** Sets of letters: of one byte a letter, and where they are put. */
const LETTERS = ["0", "A", "B", "C", "5", "R", "Q", "K", "Y", "E", "6", "Z", "H", "7", "=", "4"];
const PLACES = ["(", ")", "*", "+", "-", ".", "/"];

/** Watch over a terminal; `lines` tells whether the program has none. */
export function guard({ parser }: Terminal, lines: () => boolean): void {
  for (const code of [0, 1, 2, 52]) parser.registerOscHandler(code, () => true);
  for (const code of [4, 10, 11, 12, 104, 110, 111, 112]) parser.registerOscHandler(code, lines);
  parser.registerCsiHandler({ prefix: "?", final: "h" }, lines);
  parser.registerCsiHandler({ prefix: "?", final: "l" }, (modes) => lines() && modes[0] !== 25); // ours
  for (const final of ["h", "l", "r", "H", "f", "d"]) parser.registerCsiHandler({ final }, lines);
  parser.registerCsiHandler({ final: "J" }, ([how]) => lines() && (how === 2 || how === 3));
  parser.registerCsiHandler({ intermediates: "!", final: "p" }, lines);
  parser.registerEscHandler({ final: "c" }, lines);
  parser.registerEscHandler({ intermediates: "#", final: "8" }, lines);
  for (const intermediates of PLACES) for (const final of LETTERS) parser.registerEscHandler({ intermediates, final }, lines);
  for (const final of AGAIN) parser.registerCsiHandler({ final }, ([count]) => tooOften(count) || (lines() && final !== "b"));
}

function tooOften(count: number | number[] | undefined): boolean {
  return typeof count === "number" && count > OFTEN;
}
