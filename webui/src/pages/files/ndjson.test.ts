import { expect, it } from "vitest";
import { lines } from "./ndjson";

function stream(chunks: Uint8Array[], cancelled?: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    ...(cancelled ? { cancel: cancelled } : {}),
  });
}

async function read(chunks: Uint8Array[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of lines(stream(chunks))) found.push(one);
  return found;
}

it("lines are read wherever the chunks are cut, within a character too", async () => {
  const data = new TextEncoder().encode('{"a":"ü☃🎈"}\n{"b":2}\n\n{"done":true}');
  const wanted = [{ a: "ü☃🎈" }, { b: 2 }, { done: true }];
  for (let cut = 1; cut < data.length; cut += 1) {
    expect(await read([data.slice(0, cut), data.slice(cut)])).toEqual(wanted);
  }
});

it("what is no JSON is told as an answer that was cut off", async () => {
  await expect(read([new TextEncoder().encode('{"a":')])).rejects.toMatchObject({ name: "Problem" });
});

it("who stops reading cancels the answer", async () => {
  let cancelled = false;
  const data = new TextEncoder().encode('{"a":1}\n');
  for await (const _ of lines(stream([data, data, data], () => void (cancelled = true)))) break;
  expect(cancelled).toBe(true);
});
