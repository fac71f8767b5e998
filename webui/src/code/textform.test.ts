import { describe, expect, it } from "vitest";
import { decode, encode, endingOf, indentOf, sameBytes } from "./textform";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what is decoded and encoded again is the same bytes", () => {
  it.each([
    "",
    "one",
    "one\n",
    "one\n\n",
    "one\r\ntwo\r\n",
    "one\r\ntwo",
    "one\r\ntwo\nthree\r\n",
    "one\rtwo\r",
    "\r\r\n\n\r",
    "\ufeff",
    "\ufeffone\r\n",
    "\ufeff\ufeffone\n",
    "äöü ✓ 🦀\n",
    "a\u2028b\u0085c\n",
  ])("%j", (text) => {
    const found = decode(bytes(text));
    expect(found.flaw).toBeUndefined();
    expect(sameBytes(encode(found.text, found), bytes(text))).toBe(true);
  });
});

describe("how lines end", () => {
  it.each([
    ["", "lf"],
    ["a\nb", "lf"],
    ["a\r\nb\r\n", "crlf"],
    ["a\r\nb\n", "mixed"],
    ["a\rb", "mixed"],
    ["a\r\r\n", "mixed"],
  ])("%j: %s", (text, ending) => expect(endingOf(text)).toBe(ending));

  it("is how a line that is added ends, too", () => {
    const found = decode(bytes("a\r\nb\r\n"));
    expect(found.text).toBe("a\nb\n");
    expect(encode(`${found.text}c\n`, found)).toEqual(bytes("a\r\nb\r\nc\r\n"));
  });
});

it("says what is no text", () => {
  expect(decode(new Uint8Array([0x61, 0xff, 0x62]))).toMatchObject({ flaw: "encoding", text: "a\ufffdb" });
  expect(decode(new Uint8Array([0xc3]))).toMatchObject({ flaw: "encoding" });
  expect(decode(new Uint8Array([0xed, 0xa0, 0x80]))).toMatchObject({ flaw: "encoding" }); // half a pair
  expect(decode(bytes("a\0b"))).toMatchObject({ flaw: "nul" });
});

it("finds by what lines are indented", () => {
  expect(indentOf("a:\n    b\n    c:\n        d\n")).toBe("    ");
  expect(indentOf("a {\n\tb\n\tc\n}\n")).toBe("\t");
  expect(indentOf("a\nb\n")).toBe("  ");
});
