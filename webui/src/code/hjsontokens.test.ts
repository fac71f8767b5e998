import { describe, expect, it } from "vitest";
import { begin, step } from "./hjsontokens";

/** The tokens of a text, such as `key:port`, without spaces, colons and commas. */
function tokens(text: string): string[] {
  const scan = begin();
  const found: string[] = [];
  for (const line of text.split("\n")) {
    for (let at = 0; at < line.length; ) {
      const { kind, end } = step(line, at, scan);
      expect(end).toBeGreaterThan(at);
      if (!["space", "colon", "comma"].includes(kind)) found.push(`${kind}:${line.slice(at, end)}`);
      at = end;
    }
  }
  return found;
}

describe("a value without quotes", () => {
  it("is a text up to the end of the line", () =>
    expect(tokens("a: one # two, three }")).toEqual(["key:a", "bare:one # two, three }"]));
  it("may hold an address", () => expect(tokens("url: http://x/#y")).toEqual(["key:url", "bare:http://x/#y"]));
  it("is a number if nothing follows that is text", () =>
    expect(tokens("a: 5 # five\nb: 5 apples\nc: -1.5e3, d: true}")).toEqual([
      ...["key:a", "number:5", "comment:# five", "key:b", "bare:5 apples"],
      ...["key:c", "number:-1.5e3", "key:d", "word:true", "wrong:}"],
    ]));
  it("begins with what looks like a number", () => expect(tokens("a: 127.0.0.1")).toEqual(["key:a", "bare:127.0.0.1"]));
});

describe("comments", () => {
  it("of all three kinds", () =>
    expect(tokens("# one\n// two\n/* three\nfour */ a: 1 /* five */")).toEqual([
      ...["comment:# one", "comment:// two", "comment:/* three", "comment:four */"],
      ...["key:a", "number:1", "comment:/* five */"],
    ]));
  it("never begin in a text", () => expect(tokens('a: "x // y" // z')).toEqual(["key:a", 'string:"x // y"', "comment:// z"]));
});

it("reads a text of many lines", () =>
  expect(tokens("a: '''\n  one: 1\n  # two\n  '''\nb: 2")).toEqual([
    ...["key:a", "string:'''", "string:  one: 1", "string:  # two", "string:  '''", "key:b", "number:2"],
  ]));

it("reads JSON", () =>
  expect(tokens('{"a": [1, "x", null], "b": {"c": false}}')).toEqual([
    ...["open:{", 'key:"a"', "open:[", "number:1", 'string:"x"', "word:null", "close:]"],
    ...['key:"b"', "open:{", 'key:"c"', "word:false", "close:}", "close:}"],
  ]));

it("reads a text without braces around it", () =>
  expect(tokens("a: 1\nb: {\n  c: x\n}\n'd': 'y'")).toEqual([
    ...["key:a", "number:1", "key:b", "open:{", "key:c", "bare:x", "close:}", "key:'d'", "string:'y'"],
  ]));

it("goes on behind mistakes", () => {
  expect(tokens("a\nb: 1")).toEqual(["key:a", "key:b", "number:1"]);
  expect(tokens("]a: 1")).toEqual(["wrong:]", "key:a", "number:1"]);
  expect(tokens('a: "open\nb: 1')).toEqual(["key:a", 'string:"open', "key:b", "number:1"]);
  expect(tokens("::{[,}")).toContain("wrong::");
});
