import { expect, test } from "vitest";
import { Flow, type Piece } from "./flow";

function output(offset: number, text: string): Piece {
  return { kind: "output", offset, data: new TextEncoder().encode(text) };
}

function all(flow: Flow, most = 1000): string[] {
  const told: string[] = [];
  for (let piece = flow.take(most); piece !== null; piece = flow.take(most)) {
    if (piece.kind === "output") told.push(`${piece.offset}:${new TextDecoder().decode(piece.data)}`);
    else if (piece.kind === "skipped") told.push(`skipped ${piece.bytes} ${piece.lines}`);
    else told.push(piece.kind);
  }
  return told;
}

test("what waits comes in its order, in parts that are not too large", () => {
  const flow = new Flow(100, 50);
  flow.put(output(0, "abcdef"));
  flow.put({ kind: "gap", bytes: 3 });
  flow.put(output(9, "xyz"));
  expect(flow.waiting).toBe(9);
  expect(all(flow, 4)).toEqual(["0:abcd", "4:ef", "gap", "9:xyz"]);
  expect(flow.waiting).toBe(0);
});

test("a part ends where it is asked to", () => {
  const flow = new Flow(100, 50);
  flow.put(output(10, "abcdef"));
  expect(flow.take(100, 13)).toMatchObject({ offset: 10, data: { length: 3 } });
  expect(flow.take(100, 13)).toMatchObject({ offset: 13, data: { length: 3 } });
});

test("when too much waits, the oldest is let go up to the end of a line, and counted", () => {
  const flow = new Flow(20, 10);
  flow.put(output(0, "one\ntwo\n"));
  flow.put(output(8, "three\nfour\nfive\n"));
  expect(all(flow)).toEqual(["skipped 14 3", "14:four\nfive\n"]);
  expect(flow.skipped).toBe(14);
});

test("what was let go at the same place is told once", () => {
  const flow = new Flow(10, 4);
  flow.put(output(0, "aaa\nbbb\nccc\n"));
  flow.put(output(12, "ddd\neee\n"));
  expect(all(flow)).toEqual(["skipped 16 4", "16:eee\n"]);
});

test("one line without an end is let go, too", () => {
  const flow = new Flow(10, 4);
  flow.put(output(0, "x".repeat(50)));
  flow.put(output(50, "y\n"));
  expect(all(flow)).toEqual(["skipped 50 0", "50:y\n"]);
  expect(flow.waiting).toBe(0);
});

test("that another stream began is not let go, nor that something was lost", () => {
  const flow = new Flow(10, 4);
  flow.put(output(0, "old\n"));
  flow.put({ kind: "reset" });
  flow.put(output(0, "1\n"));
  flow.put({ kind: "gap", bytes: 7 });
  flow.put(output(9, "2\n3\n4\n5\n"));
  expect(all(flow)).toEqual(["reset", "gap", "skipped 6 3", "13:4\n5\n"]);
});

test("never more waits than may", () => {
  const flow = new Flow(1000, 300);
  for (let at = 0; at < 100_000; at += 90) {
    flow.put(output(at, `${"x".repeat(89)}\n`));
    expect(flow.waiting).toBeLessThanOrEqual(1000);
  }
  const told = all(flow);
  expect(told[0]).toMatch(/^skipped \d+ \d+$/);
  expect(told.at(-1)).toBe(`99990:${"x".repeat(89)}\n`);
});
