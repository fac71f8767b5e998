import { expect, it } from "vitest";
import { all, clicked, kept, moved, none, NONE, toggled, typed, type Selection } from "./selection";

const KEYS = ["a", "b", "c", "d", "e"];
const PLAIN = { shift: false, ctrl: false };
const SHIFT = { shift: true, ctrl: false };
const CTRL = { shift: false, ctrl: true };
const chosen = (one: Selection) => [...one.chosen].sort().join("");

it("a click chooses one, with Ctrl one more or less, with Shift a range from where it began", () => {
  let one = clicked(NONE, KEYS, "b", PLAIN);
  expect(chosen(one)).toBe("b");
  one = clicked(one, KEYS, "d", SHIFT);
  expect(chosen(one)).toBe("bcd");
  one = clicked(one, KEYS, "a", SHIFT);
  expect(chosen(one)).toBe("ab");
  one = clicked(one, KEYS, "e", CTRL);
  expect(chosen(one)).toBe("abe");
  one = clicked(one, KEYS, "c", { shift: true, ctrl: true });
  expect(chosen(one)).toBe("abcde");
  expect(chosen(toggled(one, "c"))).toBe("abde");
});

it("arrows move and choose, with Ctrl only the focus, and stop at the ends", () => {
  let one = moved(NONE, KEYS, 1, PLAIN);
  expect(one.focus).toBe("a");
  one = moved(one, KEYS, -1, PLAIN);
  expect(one.focus).toBe("a");
  one = moved(one, KEYS, 2, CTRL);
  expect([one.focus, chosen(one)]).toEqual(["c", "a"]);
  one = moved(one, KEYS, "last", SHIFT);
  expect([one.focus, chosen(one)]).toEqual(["e", "abcde"]);
  expect(moved(NONE, KEYS, -1, PLAIN).focus).toBe("e");
  expect(moved(NONE, [], 1, PLAIN)).toBe(NONE);
});

it("all and none keep the focus", () => {
  const one = all(moved(NONE, KEYS, 2, PLAIN), KEYS);
  expect(chosen(one)).toBe("abcde");
  expect(none(one)).toMatchObject({ focus: one.focus, anchor: one.focus });
});

it("a new listing keeps what is still there; a lost focus goes to the next row, or to the one before", () => {
  const one = clicked(clicked(NONE, KEYS, "c", PLAIN), KEYS, "d", CTRL);
  expect(kept(one, KEYS, ["a", "b", "c", "e"])).toMatchObject({ focus: "e", anchor: "e" });
  expect(chosen(kept(one, KEYS, ["a", "c"]))).toBe("c");
  expect(kept(one, KEYS, ["a", "c"]).focus).toBe("c");
  expect(kept(one, KEYS, []).focus).toBeNull();
});

it("typing goes to the next name that begins so, and around", () => {
  const names = ["Alpha", "beta", "bravo", "Charlie"];
  expect(typed(names, -1, "b")).toBe(1);
  expect(typed(names, 1, "b")).toBe(2);
  expect(typed(names, 2, "b")).toBe(1);
  expect(typed(names, 1, "br")).toBe(2);
  expect(typed(names, 2, "br")).toBe(2);
  expect(typed(names, 0, "x")).toBe(-1);
});
