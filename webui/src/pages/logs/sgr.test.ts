import { expect, test } from "vitest";
import { marked, spansOf } from "./sgr";

function told(line: string): string {
  return spansOf(line)
    .map(({ text, look }) => (look ? `<${look}>${text}` : text))
    .join("|");
}

test("plain text is one span", () => {
  expect(spansOf("hello <b>")).toEqual([{ text: "hello <b>", look: "" }]);
  expect(spansOf("")).toEqual([]);
});

test("colours begin and end", () => {
  expect(told("\x1b[31mred\x1b[0m plain \x1b[1;92mgreen\x1b[39m bold")).toBe("<fg1>red| plain |<sgr-bold fg10>green|<sgr-bold> bold");
  expect(told("\x1b[mx")).toBe("x");
});

test("colours that are not among the 16 are the nearest of them", () => {
  expect(told("\x1b[38;5;196mx")).toBe("<fg9>x");
  expect(told("\x1b[38;5;3mx")).toBe("<fg3>x");
  expect(told("\x1b[38;2;0;120;0mx")).toBe("<fg2>x");
  expect(told("\x1b[38;5;250mx")).toBe("<fg7>x");
  expect(told("\x1b[38:2:0:0:255mx\x1b[1my")).toBe("<fg12>x|<sgr-bold fg12>y");
});

test("a ground decides the letters on it, and inverse has one", () => {
  expect(told("\x1b[37;44mx")).toBe("<bg4>x");
  expect(told("\x1b[31;7mx")).toBe("<bg1>x");
  expect(told("\x1b[7mx")).toBe("<bg-1>x");
});

test("other sequences and control characters are left out", () => {
  expect(told("\x1b]0;title\x07a\x1b[2Jb\x1b]52;c;aGk=\x1b\\c\x1b[?1049hd\x1bce\x00f\x07\x1b(Bg")).toBe("abcdefg");
  expect(told("cut\x1b[3")).toBe("cut");
  expect(told("cut\x1b]0;never ends")).toBe("cut");
  expect(told("a\tb")).toBe("a\tb");
});

test("of what was written over, the last is shown", () => {
  expect(told("10%\r20%\r100%")).toBe("100%");
  expect(told("done\r")).toBe("done");
});

test("what is found is marked, also across colours", () => {
  const found = marked(spansOf("an \x1b[31mer\x1b[0mror here"), /error/g);
  expect(found.map(({ text, hit }) => (hit ? `[${text}]` : text))).toEqual(["an ", "[er]", "[ror]", " here"]);
  expect(marked(spansOf("abc"), /x*/g)).toEqual([{ text: "abc", look: "", hit: false }]);
});
