// @vitest-environment happy-dom
import { Text } from "@codemirror/state";
import { expect, it } from "vitest";
import { movedTo, type Remark, placeOf, type Report, sentence } from "./report";

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

it.each([
  ["http://h:7877/#/config", ["webUI.port: 7877 → 8000"], "http://h:8000/#/config"],
  ["http://h:7877/", ["port: 42069 → 8000", "servers.a: added"], null],
  ["http://h:42069/ui/", ["port: 42069 → 8000"], "http://h:8000/ui/"],
  ["http://h:42069/ui/", ["webUI.port: 7877 → 8000"], null],
  // Behind a proxy, or somewhere else altogether.
  ["https://h/holdfast/", ["webUI.port: 7877 → 8000"], ""],
  ["http://h:7877/", ["webUI.port: 7877 → 0"], ""],
  ["http://h:7877/", ["webUI.enabled: true → false"], ""],
  ["http://h:7877/", ["https.enabled: false → true", "webUI.port: 7877 → 8000"], ""],
])("at %s, %j moves the page to %j", (page, differences, there) => {
  expect(movedTo({ differences } as Report, page)).toBe(there);
});
