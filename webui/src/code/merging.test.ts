import { Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { merge } from "./merging";

const text = (lines: string) => Text.of(lines.split("\n"));

function merged(base: string, mine: string, theirs: string): [string, number] {
  const found = merge(text(base), text(mine), text(theirs));
  return [found.text.toString(), found.conflicts.length];
}

const BASE = "a\nb\nc\nd\ne\nf\ng\n";

describe("changes at different places are both taken", () => {
  it("lines that are different", () =>
    expect(merged(BASE, "A\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nF\ng\n")).toEqual(["A\nb\nc\nd\ne\nF\ng\n", 0]));
  it("lines that are new or gone", () =>
    expect(merged(BASE, "a\nb\nnew\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ng\n")).toEqual(["a\nb\nnew\nc\nd\ng\n", 0]));
  it("at the beginning and at the end", () =>
    expect(merged(BASE, `0\n${BASE}`, `${BASE}h\n`)).toEqual([`0\n${BASE}h\n`, 0]));
  it("if only one has changed anything", () => {
    expect(merged(BASE, BASE, "x\n")).toEqual(["x\n", 0]);
    expect(merged(BASE, "x\n", BASE)).toEqual(["x\n", 0]);
    expect(merged("", "", "x")).toEqual(["x", 0]);
  });
  it("if both have done the same", () => expect(merged(BASE, "a\nX\nc\nd\ne\nf\ng\n", "a\nX\nc\nd\ne\nf\ng\n")).toEqual(["a\nX\nc\nd\ne\nf\ng\n", 0]));
});

describe("where both have changed the same", () => {
  it("ours is kept, and the place is told", () => {
    const found = merge(text(BASE), text("a\nmine\nc\nd\ne\nf\ng\n"), text("a\ntheirs\nc\nd\ne\nf\nG\n"));
    expect(found.text.toString()).toBe("a\nmine\nc\nd\ne\nf\nG\n");
    expect(found.conflicts).toEqual([{ from: 1, to: 2 }]);
  });
  it("also if one has deleted it", () =>
    expect(merged(BASE, "a\nc\nd\ne\nf\ng\n", "a\ntheirs\nc\nd\ne\nf\ng\n")).toEqual(["a\nc\nd\ne\nf\ng\n", 1]));
  it("also if they touch", () =>
    expect(merged(BASE, "a\nB\nc\nd\ne\nf\ng\n", "a\nb\nC\nd\ne\nf\ng\n")).toEqual(["a\nB\nc\nd\ne\nf\ng\n", 1]));
  it("also if both have added at one place", () =>
    expect(merged(BASE, `${BASE}mine\n`, `${BASE}theirs\n`)).toEqual([`${BASE}mine\n`, 1]));
});

it("joins large texts", () => {
  const base = Array.from({ length: 300_000 }, (_, at) => `${at % 9}`);
  const found = merge(Text.of(base), Text.of(["first", ...base]), Text.of([...base, "last"]));
  expect(found.text.lines).toBe(300_002);
  expect(found.conflicts).toEqual([]);
});

it("never loses a change that only one has made, whatever the texts", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
  for (let round = 0; round < 300; round += 1) {
    const base = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    const mine = [...base];
    const theirs = [...base];
    // Ours in the first half, theirs in the second, with a line between.
    for (let n = 0; n < 4; n += 1) mine.splice(random(13), random(2), ...(random(2) ? [`mine ${random(99)}`] : []));
    for (let n = 0; n < 4; n += 1) theirs.splice(17 + random(10), random(2), ...(random(2) ? [`theirs ${random(99)}`] : []));
    const found = merge(Text.of(base), Text.of(mine), Text.of(theirs));
    const half = mine.indexOf("line 16");
    const want = [...mine.slice(0, half), ...theirs.slice(theirs.indexOf("line 16"))];
    expect(found.text.toString()).toBe(want.join("\n"));
    expect(found.conflicts).toEqual([]);
  }
});
