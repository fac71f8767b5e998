import { beforeEach, expect, test } from "vitest";
import { History } from "./history";

let stored: Map<string, string>;
let history: History;
const kept = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, value: string) => void stored.set(key, value),
};

beforeEach(() => {
  stored = new Map();
  history = new History("mc", kept);
});

test("the arrow keys go back and forth, and what was being typed comes back", () => {
  for (const line of ["list", "say hi", "stop"]) history.add(line);
  expect(history.older("")).toBe("stop");
  expect(history.older("stop")).toBe("say hi");
  expect(history.older("say hi")).toBe("list");
  expect(history.older("list")).toBeNull();
  expect(history.newer("list")).toBe("say hi");
  expect(history.newer("say hi")).toBe("stop");
  expect(history.newer("stop")).toBe("");
  expect(history.newer("")).toBeNull();
});

test("who has typed something looks only at lines that begin like it", () => {
  for (const line of ["say one", "list", "say two"]) history.add(line);
  expect(history.older("say")).toBe("say two");
  expect(history.older("say two")).toBe("say one");
  expect(history.newer("say one")).toBe("say two");
  expect(history.newer("say two")).toBe("say");
});

test("a line stands there once, at its latest place", () => {
  for (const line of ["list", "stop", "list"]) history.add(line);
  expect(history.lines).toEqual(["stop", "list"]);
});

test("blank lines, and those that begin with a blank, are not kept", () => {
  for (const line of ["", "  ", " password secret", "\tx", "list"]) history.add(line);
  expect(history.lines).toEqual(["list"]);
});

test("it is there again in a new page, and what another page has added too", () => {
  const other = new History("mc", kept);
  other.add("first");
  history.add("second");
  expect(new History("mc", kept).lines).toEqual(["first", "second"]);
  expect(new History("web", kept).lines).toEqual([]);
});

test("it is bounded", () => {
  for (let number = 0; number < 600; number += 1) history.add(`line ${number}`);
  expect(history.lines).toHaveLength(500);
  history.add("x".repeat(5000));
  expect(history.lines.at(-1)).toBe("line 599");
});

test("where nothing can be kept it holds for as long as the page does", () => {
  const refusing = { getItem: () => "no json", setItem: () => { throw new Error("full"); } };
  const lone = new History("mc", refusing);
  lone.add("one");
  lone.add("two");
  expect(lone.lines).toEqual(["one", "two"]);
});

test("the latest line that goes on is suggested, and any can be found", () => {
  for (const line of ["give Alice diamond", "give Bob dirt", "LIST"]) history.add(line);
  expect(history.suggestion("give")).toBe("give Bob dirt");
  expect(history.suggestion("give A")).toBe("give Alice diamond");
  expect(history.suggestion("")).toBeNull();
  expect(history.suggestion("LIST")).toBeNull();
  expect(history.find("di", 5)).toEqual(["give Bob dirt", "give Alice diamond"]);
  expect(history.find("list", 5)).toEqual(["LIST"]);
});
