import { expect, it } from "vitest";
import { changes, lineChanges } from "./linediff";

/** What comes of a text by the changes. */
function applied(a: string, b: string): string {
  let [out, at] = ["", 0];
  for (const { fromA, toA, fromB, toB } of changes(a, b)) {
    expect(fromA).toBeGreaterThanOrEqual(at);
    out += a.slice(at, fromA) + b.slice(fromB, toB);
    at = toA;
  }
  return out + a.slice(at);
}

it.each([
  ["", ""],
  ["", "x"],
  ["x", ""],
  ["x", "x\ny"],
  ["x\ny", "x"],
  ["x\n", "x"],
  ["x", "x\n"],
  ["x\ny", "y"],
  ["a\nb\nc", "a\nB\nc"],
  ["a\na\na", "a\na"],
  ["\n\n\n", "\n"],
])("from %j to %j", (a, b) => expect(applied(a, b)).toBe(b));

it("finds the lines", () => {
  expect(lineChanges(["a", "b", "c"], ["a", "x", "c", "d"])).toEqual([
    { fromA: 1, toA: 2, fromB: 1, toB: 2 },
    { fromA: 3, toA: 3, fromB: 3, toB: 4 },
  ]);
  expect(lineChanges(["{", "}", "{", "}"], ["{", "}"])).toHaveLength(1);
});

it("leads from any text to any other", () => {
  let seed = 11;
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
  const text = (lines: number, words: number) => Array.from({ length: random(lines) }, () => "abcdefghij".slice(0, random(words))).join("\n");
  for (let round = 0; round < 2000; round += 1) {
    const [a, b] = [text(12, 4), text(12, 4)];
    expect(applied(a, b)).toBe(b);
  }
});

it("is quick where much is alike, and ends where nothing is", () => {
  const lines = Array.from({ length: 200_000 }, (_, at) => `{"a": ${at % 7}},`);
  const other = [...lines];
  other.splice(1, 1, "first");
  other.splice(199_000, 1, "last", "more");
  expect(lineChanges(lines, other)).toHaveLength(2);
  const strange = Array.from({ length: 50_000 }, (_, at) => `${at % 5}`);
  expect(lineChanges(lines.slice(0, 50_000), strange)).toEqual([{ fromA: 0, toA: 50_000, fromB: 0, toB: 50_000 }]);
});
