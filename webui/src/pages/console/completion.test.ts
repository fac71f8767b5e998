import { expect, test } from "vitest";
import { completions } from "./completion";

const HISTORY = ["list", "teleport Alice spawn", "gamemode creative Bob"];
const OUTPUT = ["[12:00:01] [Server/INFO]: Alicia joined the game", "Listening on 127.0.0.1:25565."];

test("the word before the cursor is completed, from the history first", () => {
  expect(completions("say ali", 7, HISTORY, OUTPUT)).toEqual({ begin: 4, words: ["Alice", "Alicia"] });
});

test("what stands behind the cursor does not matter", () => {
  expect(completions("te Bob", 2, HISTORY, OUTPUT)).toEqual({ begin: 0, words: ["teleport"] });
});

test("marks at the end of a sentence do not belong to the word", () => {
  expect(completions("127", 3, [], OUTPUT).words).toEqual(["127.0.0.1:25565"]);
});

test("nothing is completed where nothing was typed, and a whole word is not one of its own", () => {
  expect(completions("say ", 4, HISTORY, OUTPUT).words).toEqual([]);
  expect(completions("list", 4, HISTORY, []).words).toEqual([]);
});

test("there are not too many", () => {
  const many = Array.from({ length: 500 }, (_, number) => `word${number}`);
  expect(completions("w", 1, [], many).words).toHaveLength(50);
});
