import { expect, test } from "vitest";
import type { Query } from "../../api/base";
import type { Row } from "./entries";
import { before, behind, latest, PAGE } from "./paging";

const STREAM = "0123456789abcdef";

/** A log of so many lines, `each` of them a second. */
function log(count: number, each: number): { rows: Row[]; source: (query: Query) => Promise<ReadableStream<Uint8Array>>; asked: Query[] } {
  const rows: Row[] = Array.from({ length: count }, (_, number) => ({
    time: 1000 + Math.floor(number / each),
    stream: STREAM,
    offset: number * 10,
    end: number * 10 + 10,
    line: `line ${number}`,
    notice: false,
  }));
  const asked: Query[] = [];
  const source = (query: Query) => {
    asked.push(query);
    let found = rows.filter((row) => query["until"] === undefined || (row.time ?? 0) < Number(query["until"]));
    if (query["after"] !== undefined) found = found.filter((row) => row.end > Number(String(query["after"]).split(":")[1]));
    if (query["tail"] !== undefined) found = found.slice(-Number(query["tail"]));
    const text = found.map((row) => `${JSON.stringify(row)}\n`).join("");
    const data = new TextEncoder().encode(text);
    let at = 0;
    return Promise.resolve(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= data.length) return controller.close();
          controller.enqueue(data.slice(at, at + 1000));
          at += 1000;
        },
      }),
    );
  };
  return { rows, source, asked };
}

const signal = new AbortController().signal;

test("the end of a log, and whether that is all of it", async () => {
  expect(await latest(log(3, 1).source, {}, signal)).toMatchObject({ rows: { length: 3 }, all: true });
  const { rows, all } = await latest(log(PAGE + 1, 1).source, {}, signal);
  expect([rows.length, rows[0]?.line, all]).toEqual([PAGE, "line 1", false]);
});

test("what lies before a line follows on it without a hole, down to the first", async () => {
  const { rows, source } = log(1700, 7);
  let found = rows.slice(-10);
  for (;;) {
    const first = found[0];
    if (first === undefined) throw new Error("nothing");
    const part = await before(source, {}, first, signal);
    if (part === null) throw new Error("not found");
    found = [...part.rows, ...found];
    if (part.all) break;
  }
  expect(found.map((row) => row.offset)).toEqual(rows.map((row) => row.offset));
});

test("also where more lines came in a second than are asked for at once", async () => {
  const { rows, source, asked } = log(20_000, 20_000);
  const spot = rows[9000];
  if (spot === undefined) throw new Error("nothing");
  const part = await before(source, {}, spot, signal);
  expect(part?.rows.at(-1)?.line).toBe("line 8999");
  expect(part?.rows).toHaveLength(PAGE);
  expect(asked.length).toBeLessThan(5);
});

test("a line that is gone is not found", async () => {
  expect(await before(log(100, 1).source, {}, { stream: STREAM, end: 77_777, time: 1050 }, signal)).toBeNull();
});

test("where nobody knows the time of a line, the end is looked through", async () => {
  const { rows, source } = log(3000, 1);
  const spot = { stream: STREAM, end: rows[100]?.end ?? 0, time: null };
  expect((await before(source, {}, spot, signal))?.rows).toHaveLength(100);
});

test("what follows a line is read as far as it is wanted", async () => {
  const { rows, source } = log(1000, 1);
  const part = await behind(source, {}, { stream: STREAM, end: rows[99]?.end ?? 0, time: null }, 50, signal);
  expect([part.rows.length, part.rows[0]?.line, part.all]).toEqual([50, "line 100", false]);
  const rest = await behind(source, {}, { stream: STREAM, end: rows[989]?.end ?? 0, time: null }, 50, signal);
  expect([rest.rows.length, rest.all]).toEqual([10, true]);
});
