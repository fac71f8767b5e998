import { describe, expect, it } from "vitest";
import { wordsOf } from "./grantwords";
import { expanded, GROUPS } from "./permissions";

const told = (...grants: unknown[]) => wordsOf(grants).map(({ where, what }) => `${where}: ${what}`);

describe("grants in words", () => {
  it("says nothing of nothing", () => expect(told()).toEqual([]));
  it("tells all plain ones together, first", () =>
    expect(told({ permissions: ["server.control"], servers: ["mc-*"] }, "server.view", "server.console.view")).toEqual([
      "Everywhere: see servers and read the console",
      "On mc-*: start and stop",
    ]));
  it("has a word for whole groups", () => {
    expect(told("*")).toEqual(["Everywhere: everything"]);
    expect(told("server.*")).toEqual(["Everywhere: everything with servers"]);
    expect(told("server.files.*", "server.view")).toEqual(["Everywhere: see servers and everything with files"]);
    expect(told(...GROUPS.files)).toEqual(["Everywhere: everything with files"]);
  });
  it("tells limits only where they limit something", () => {
    expect(told({ permissions: ["server.view", "server.files.view"], servers: ["a", "b"], paths: ["/x"] })).toEqual([
      "On a and b: see servers and see files; files only in /x",
    ]);
    expect(told({ permissions: ["server.view"], paths: ["/x"] })).toEqual(["Everywhere: see servers"]);
    expect(told({ permissions: ["server.console.write"], input: ["say *"] })).toEqual([
      "Everywhere: type into the console; typing only “say *”",
    ]);
  });
  it("does not promise what names of servers take away", () =>
    expect(told({ permissions: ["*"], servers: ["a"] })).toEqual([
      "On a: everything with servers, everything with shares and read the audit log",
    ]));
  it("does not hide what it does not know", () => {
    expect(told("server.fly")).toEqual(["Everywhere: server.fly"]);
    expect(told({ odd: 1 })).toEqual(['Something else: {"odd":1}']);
  });
});

it("knows what patterns include", () => {
  expect(expanded(["server.console.*", "nothing.*"])).toEqual({
    known: ["server.console.view", "server.console.write"],
    unknown: ["nothing.*"],
  });
});
