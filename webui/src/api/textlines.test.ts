import { expect, it } from "vitest";
import { textLines } from "./textlines";

function coming(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(control) {
      for (const piece of pieces) control.enqueue(piece);
      control.close();
    },
  });
}

async function read(stream: ReadableStream<Uint8Array>, longest?: number): Promise<string[]> {
  const found: string[] = [];
  for await (const some of textLines(stream, longest)) found.push(...some);
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);

it("joins what was cut, in the middle of a letter too", async () => {
  const text = bytes("one\ntwö\nthree");
  expect(await read(coming(text.slice(0, 7), text.slice(7)))).toEqual(["one", "twö", "three"]);
});

it("has an empty line at the end of what ends with a newline", async () => {
  expect(await read(coming(bytes("one\n")))).toEqual(["one", ""]);
});

it("refuses a line that has no end", async () => {
  await expect(read(coming(bytes("x".repeat(11)), bytes("y")), 10)).rejects.toThrow("more than 10");
});
