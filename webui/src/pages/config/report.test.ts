// @vitest-environment happy-dom
import { Text } from "@codemirror/state";
import { expect, it } from "vitest";
import { type Remark, placeOf, sentence } from "./report";

const remark = (line: number, column: number): Remark => ({ line, column, key: "a.b", message: "is wrong" });
/** What a remark points to. */
function at(text: string, line: number, column: number): string | undefined {
  const doc = Text.of(text.split("\n"));
  const place = placeOf(doc, remark(line, column));
  return place && doc.sliceString(place.from, place.to);
}

it("points to the value", () => {
  expect(at("a: 1\nport: 99999\n", 2, 7)).toBe("99999");
  expect(at('a: "b c" # x', 1, 4)).toBe('"b c"');
  expect(at("a: {", 1, 4)).toBe("{");
});

it("counts characters as the daemon does", () => expect(at('"🦀": x', 1, 6)).toBe("x"));

it("counts lines of what is left when blanks at the beginning are taken away", () => {
  expect(at("\n\n  port: x\nb: y", 1, 7)).toBe("x");
  expect(at("\n\n  port: x\nb: y", 2, 4)).toBe("y");
});

it("stays in the text", () => {
  expect(at("a", 9, 9)).toBe("");
  expect(at("a", 1, 99)).toBe("");
  expect(at("a", 0, 0)).toBeUndefined();
});

it("names the key once", () => {
  expect(sentence(remark(1, 1))).toBe("a.b: is wrong");
  expect(sentence({ ...remark(1, 1), message: "a.b is wrong" })).toBe("a.b is wrong");
  expect(sentence({ ...remark(1, 1), key: "" })).toBe("is wrong");
});
