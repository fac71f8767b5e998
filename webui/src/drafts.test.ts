import { expect, it } from "vitest";
import { type Draft, Drafts, forgetDrafts } from "./drafts";

/** Storage with room for so many characters. */
class Shelf {
  readonly #at = new Map<string, string>();
  constructor(readonly room: number) {}
  get length(): number {
    return this.#at.size;
  }
  key = (at: number) => [...this.#at.keys()][at] ?? null;
  getItem = (key: string) => this.#at.get(key) ?? null;
  removeItem = (key: string) => void this.#at.delete(key);
  setItem = (key: string, text: string) => {
    const others = [...this.#at].filter(([other]) => other !== key);
    if (others.reduce((sum, [, kept]) => sum + kept.length, text.length) > this.room) throw new Error("full");
    this.#at.set(key, text);
  };
}

const draft = (text: string, at = 1): Draft => ({ text, etag: '"1"', at, ending: "crlf", mark: true });

it("finds what was kept, for its owner alone", () => {
  const shelf = new Shelf(1000);
  const mine = new Drafts("me", shelf);
  mine.keep("a", draft("text"));
  expect(mine.find("a")).toEqual(draft("text"));
  expect(mine.find("b")).toBeNull();
  expect(new Drafts("you", shelf).find("a")).toBeNull();
  mine.forget("a");
  expect(mine.find("a")).toBeNull();
});

it("makes room by forgetting the oldest", () => {
  const drafts = new Drafts("me", new Shelf(650));
  drafts.keep("newer", draft("x".repeat(150), 2));
  drafts.keep("oldest", draft("x".repeat(150), 1));
  expect(drafts.keep("now", draft("x".repeat(200), 3))).toBe(true);
  expect([drafts.find("oldest"), drafts.find("newer")?.at, drafts.find("now")?.at]).toEqual([null, 2, 3]);
});

it("keeps no old state of what has become too large", () => {
  const drafts = new Drafts("me", new Shelf(300));
  expect(drafts.keep("a", draft("small"))).toBe(true);
  expect(drafts.keep("a", draft("x".repeat(900)))).toBe(false);
  expect(drafts.find("a")).toBeNull();
});

it("forgets all, and nothing of others", () => {
  const shelf = new Shelf(1000);
  shelf.setItem("other", "stays");
  const drafts = new Drafts("me", shelf);
  drafts.keep("a", draft("one"));
  drafts.keep("b", draft("two"));
  forgetDrafts(shelf);
  expect([shelf.length, shelf.getItem("other")]).toEqual([1, "stays"]);
});
