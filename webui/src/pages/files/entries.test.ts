// @vitest-environment happy-dom
// @vitest-environment-options { "url": "http://127.0.0.1/" }
import { expect, it } from "vitest";
import { entriesOf, filtered, type Listed, sorted } from "./entries";

const file = (name: string, more: Partial<Listed> = {}): Listed => ({
  name,
  size: 1,
  mimeType: "text/plain",
  folder: false,
  lastModified: 0,
  ...more,
});
const shown = (listed: Listed[], by: "name" | "size" | "modified", down = false) =>
  sorted(entriesOf(listed), { by, down }).map((one) => one.name);

it("numbers in names count as numbers, and case does not matter first", () => {
  expect(shown([file("w10"), file("W2"), file("w2"), file("a")], "name")).toEqual(["a", "w2", "W2", "w10"]);
});

it("folders stand first, in both directions", () => {
  const all = [file("b"), file("z", { folder: true }), file("a")];
  expect(shown(all, "name")).toEqual(["z", "a", "b"]);
  expect(shown(all, "name", true)).toEqual(["z", "b", "a"]);
});

it("size and time order, and names where they are the same", () => {
  const all = [file("b", { size: 3 }), file("c", { size: 1 }), file("a", { size: 3 }), file("d", { folder: true })];
  expect(shown(all, "size")).toEqual(["d", "c", "a", "b"]);
  expect(shown(all, "size", true)).toEqual(["d", "a", "b", "c"]);
  const times = [file("x", { lastModified: 5 }), file("y", { lastModified: 9, folder: true })];
  expect(shown([...times, file("w", { lastModified: 6 })], "modified", true)).toEqual(["y", "w", "x"]);
});

it("names that look the same have keys of their own, and cannot be asked for", () => {
  const entries = entriesOf([file("a\ufffd"), file("a\ufffd"), file("b")]);
  expect(new Set(entries.map((one) => one.key)).size).toBe(3);
  expect(entries.map((one) => one.addressable)).toEqual([false, false, true]);
});

it("a filter finds a part of a name in any case; hidden files only if wanted", () => {
  const entries = entriesOf([file("README.md"), file(".env"), file("read.txt")]);
  expect(filtered(entries, "READ", false).map((one) => one.name)).toEqual(["README.md", "read.txt"]);
  expect(filtered(entries, "", true)).toHaveLength(3);
  expect(filtered(entries, "env", false)).toEqual([]);
});

it("ten thousand names are sorted soon enough to be typed over", () => {
  const many = Array.from({ length: 10_000 }, (_, at) => file(`file${(at * 7919) % 10_000}.txt`));
  const names = shown(many, "name");
  expect(names[0]).toBe("file0.txt");
  expect(names.at(-1)).toBe("file9999.txt");
});
