import { expect, test } from "vitest";
import { Letters } from "./letters";

/** The cells that a text takes, letter by letter; what joins the one before takes none. */
function cells(text: string): number[] {
  const letters = new Letters();
  const taken: number[] = [];
  let state = 0;
  for (const letter of text) {
    state = letters.charProperties(letter.codePointAt(0) ?? 0, state);
    taken.push(state & 1 ? 0 : (state >> 1) & 3);
  }
  return taken;
}

test.each([
  ["ab", [1, 1]],
  ["漢字", [2, 2]],
  ["한", [2]],
  ["😀x", [2, 1]],
  ["⌚", [2]],
  ["é", [1]],
  ["e\u0301x", [1, 0, 1]],
  ["❤\ufe0f", [1, 0]],
  ["🇩🇪", [1, 1]],
  ["שלום", [1, 1, 1, 1]],
  ["𝒳", [1]],
  ["─", [1]],
])("%s takes as many cells as programs think", (text, taken) => {
  expect(cells(text)).toEqual(taken);
});

test("a mark on a wide letter leaves it wide", () => {
  const letters = new Letters();
  const joined = letters.charProperties(0x0301, letters.charProperties(0x6f22, 0));
  expect([(joined >> 1) & 3, joined & 1]).toEqual([2, 1]);
});

test("not more marks lie upon a letter than any language has", () => {
  const taken = cells(`e${"\u0301".repeat(100)}x`);
  expect(taken.slice(0, 18)).toEqual([1, ...Array<number>(16).fill(0), 1]);
  expect(taken.filter((width) => width > 0)).toHaveLength(1 + 5 + 1);
});
