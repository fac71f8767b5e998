/**
 * How many cells of a terminal a letter takes, as programs count them (wcwidth(3)).
 *
 * What xterm.js knows by itself is Unicode 6: for it an emoji is narrow, and what a program draws behind one stands in
 * the wrong place. This asks the browser, whose Unicode is new. And not more marks lie upon a letter than any language
 * has: thousands of them, in one cell, keep the page busy for seconds whenever it is drawn.
 */

import type { IUnicodeVersionProvider } from "@xterm/xterm";

/** Marks upon one letter; those beyond are drawn beside it. */
const MARKS = 16;

/** First and last of those that are wide (East Asian Width), but for emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

const EMOJI = /^\p{Emoji_Presentation}$/u;
/** One letter of a flag is narrow: a flag has two of them. */
const HALF_FLAG = /^\p{Regional_Indicator}$/u;
/** Marks, what cannot be seen, and vowels and ends that join the syllable before them. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
const SOFT_HYPHEN = 0xad;

const UNKNOWN = 3;

/** For `terminal.unicode.register`. */
export class Letters implements IUnicodeVersionProvider {
  readonly version = "browser";
  readonly #known = new Uint8Array(0x110000).fill(UNKNOWN);

  /** Return how many cells a code point takes. */
  wcwidth(code: number): 0 | 1 | 2 {
    if (code < 0x7f) return code < 0x20 ? 0 : 1;
    if (this.#known[code] === UNKNOWN) this.#known[code] = widthOf(code);
    return this.#known[code] as 0 | 1 | 2;
  }

  /** Return, as xterm.js packs it, the width, whether it joins what is before, and how many have done so. */
  charProperties(code: number, preceding: number): number {
    const width = this.wcwidth(code);
    const before = (preceding >> 1) & 3;
    if (width > 0 || before === 0) return width << 1;
    const marks = (preceding >> 3) + 1;
    return marks > MARKS ? 1 << 1 : (marks << 3) | (before << 1) | 1;
  }
}

function widthOf(code: number): 0 | 1 | 2 {
  if (code < 0xa0) return 0;
  const letter = String.fromCodePoint(code);
  if (code !== SOFT_HYPHEN && NONE.test(letter)) return 0;
  if (WIDE.some(([first, last]) => code >= first && code <= last)) return 2;
  return EMOJI.test(letter) && !HALF_FLAG.test(letter) ? 2 : 1;
}
