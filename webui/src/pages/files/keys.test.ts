import { expect, it } from "vitest";
import { commandOf, type Pressed } from "./keys";

const press = (key: string, more: Partial<Pressed> = {}, typing = false) =>
  commandOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more }, 20, typing);

it("keys mean what they mean in every file manager", () => {
  expect(press("ArrowDown", { shiftKey: true })).toEqual({ do: "move", by: 1, held: { shift: true, ctrl: false } });
  expect(press("PageUp")).toMatchObject({ by: -20 });
  expect(press("Enter")).toEqual({ do: "open" });
  expect(press("Backspace")).toEqual({ do: "up" });
  expect(press("ArrowUp", { altKey: true })).toEqual({ do: "up" });
  expect(press("Delete", { shiftKey: true })).toEqual({ do: "remove", forGood: true });
  expect(press("A", { ctrlKey: true })).toEqual({ do: "all" });
  expect(press("c", { metaKey: true })).toEqual({ do: "copy" });
});

it("a blank chooses, but belongs to a name that is being typed", () => {
  expect(press(" ")).toEqual({ do: "toggle" });
  expect(press(" ", {}, true)).toEqual({ do: "type", text: " " });
  expect(press("ü")).toEqual({ do: "type", text: "ü" });
});

it("what is the browser's stays the browser's", () => {
  for (const key of ["Tab", "Shift", "F5"]) expect(press(key)).toBeNull();
  expect(press("r", { ctrlKey: true })).toBeNull();
  expect(press("ArrowLeft", { altKey: true })).toBeNull();
});
