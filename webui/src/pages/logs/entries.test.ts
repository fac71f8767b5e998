import { expect, test } from "vitest";
import { Entries, same } from "./entries";

const ONE = '{"time":1790000000.5,"offset":0,"line":"é","stream":"0123456789abcdef","end":3}\n';
const NOTICE = '{"time":null,"offset":3,"line":"[Holdfast] missing","notice":true,"stream":"0123456789abcdef","end":3}\n';
const MARK = '{"stream":"0123456789abcdef","end":3}\n';

test("lines come whole, wherever the pieces end", () => {
  const data = new TextEncoder().encode(ONE + NOTICE + MARK);
  const entries = new Entries();
  const found = [...data].flatMap((byte) => entries.take(Uint8Array.of(byte)));
  expect(found).toEqual([
    { time: 1790000000.5, stream: "0123456789abcdef", offset: 0, end: 3, line: "é", notice: false },
    { time: null, stream: "0123456789abcdef", offset: 3, end: 3, line: "[Holdfast] missing", notice: true },
    { mark: true, stream: "0123456789abcdef", end: 3 },
  ]);
});

test("what is cut off at the end, or is no line, is none", () => {
  const entries = new Entries();
  expect(entries.take(new TextEncoder().encode(`nonsense\n{"a":1}\n\n${ONE.slice(0, 30)}`))).toEqual([]);
});

test("a line and a notice at the same place are not the same", () => {
  const [line, notice] = new Entries().take(new TextEncoder().encode(ONE + NOTICE));
  if (!line || !notice || "mark" in line || "mark" in notice) throw new Error("two lines");
  expect(same(line, line)).toBe(true);
  expect(same(line, notice)).toBe(false);
  expect(same(line, { stream: line.stream, end: 3 })).toBe(true);
});
