// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { isSet, modesOf, turned } from "./mode";

const one = (mode: string | undefined, link = false) => ({ link, ...(mode === undefined ? {} : { mode }) });

it("knows the mode of what is chosen if all have the same", () => {
  expect(modesOf([one("644")])).toBe("644");
  expect(modesOf([one("600"), one("600")])).toBe("600");
  expect(modesOf([one("600"), one("644")])).toBeUndefined();
});

it("does not take a link's mode for that of what it leads to, nor silence for a mode", () => {
  expect(modesOf([one("644"), one("777", true)])).toBeNull();
  expect(modesOf([one(undefined)])).toBeNull();
});

it("turns single bits round", () => {
  expect(turned("644", 0, 2)).toBe("744");
  expect(turned("755", 2, 0)).toBe("751");
  expect(isSet("640", 2, 0)).toBe(false);
  expect(isSet("640", 1, 0)).toBe(true);
});
