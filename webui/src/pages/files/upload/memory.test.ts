import { expect, it } from "vitest";
import { type Begun, type Box, Memory } from "./memory";

function box(): Box {
  let kept: string | null = null;
  return { getItem: () => kept, setItem: (_, text) => void (kept = text) };
}

const begun = (name: string, more: Partial<Begun> = {}): Begun => ({
  server: "s",
  folder: "f",
  name,
  size: 5,
  from: name,
  modified: 7,
  url: `u-${name}`,
  at: 0,
  expires: 100,
  ...more,
});

it("the same file for the same place is found again, another is not", () => {
  const memory = new Memory(box(), () => 50);
  memory.note(begun("a"));
  expect(memory.find(begun("a"))?.url).toBe("u-a");
  for (const other of [{ size: 6 }, { modified: 8 }, { server: "t" }, { folder: "g" }, { from: "b" }]) {
    expect(memory.find(begun("a", other))).toBeUndefined();
  }
  memory.forget("s", "u-a");
  expect(memory.all()).toEqual([]);
});

it("what has expired is not gone on with, and there is an end to what is kept", () => {
  const memory = new Memory(box(), () => 100);
  memory.note(begun("old"));
  expect(memory.all()).toEqual([]);
  for (let at = 0; at < 60; at += 1) memory.note(begun(`n${at}`, { expires: 200 }));
  expect(memory.all()).toHaveLength(50);
  expect(memory.all()[0]?.name).toBe("n59");
});

it("what somebody else has written there is not believed", () => {
  for (const text of ["", "{", "3", "null", '[1,null,{"url":"x"}]']) {
    expect(new Memory({ getItem: () => text, setItem: () => undefined }).all()).toEqual([]);
  }
  const refuses: Box = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
  };
  new Memory(refuses).note(begun("a"));
});
