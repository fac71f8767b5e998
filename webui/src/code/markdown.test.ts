import { StringStream } from "@codemirror/language";
import { expect, it } from "vitest";
import { markdown } from "./markdown";

/** Return what each line is made of: `kind:text`, without what is plain. */
function parts(text: string): string[][] {
  const place = markdown.startState!(2);
  return text.split("\n").map((line) => {
    const stream = new StringStream(line, 2, 2);
    const found: string[] = [];
    while (!stream.eol()) {
      stream.start = stream.pos;
      const kind = markdown.token(stream, place);
      expect(stream.pos, line).toBeGreaterThan(stream.start);
      if (kind !== null) found.push(`${kind}:${stream.current()}`);
    }
    return found;
  });
}

it("knows what stands at the beginning of a line", () => {
  expect(parts("# One\n#no\n- two\n> three\n---")).toEqual([
    ["heading:# One"],
    [],
    ["keyword:- "],
    ["quote:>"],
    ["meta:---"],
  ]);
});

it("knows what stands in a line", () => {
  expect(parts("see [it](x.md), `a*b` and **both** or *one*")).toEqual([
    ["link:[it](x.md)", "string:`a*b`", "strong:**both**", "emphasis:*one*"],
  ]);
});

it("takes what is between fences for code, up to a fence as long", () => {
  expect(parts("````sh\n# no heading\n```\n````\n# yes")).toEqual([
    ["meta:````sh"],
    ["string:# no heading"],
    ["string:```"],
    ["meta:````"],
    ["heading:# yes"],
  ]);
});

it("comes to an end with anything", () => parts("*_`[![<h\n**\n_ _\n`\n\t\n[x](y\n<!-- \n"));
