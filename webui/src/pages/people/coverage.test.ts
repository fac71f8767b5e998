import { describe, expect, it } from "vitest";
import { covers, coversAll, isEverything, names } from "./coverage";
import { emptyRow, type Row } from "./grants";

const row = (permissions: string[], more: Partial<Row> = {}): Row => ({ ...emptyRow(), permissions, ...more });

describe("what may be given away", () => {
  const some = [["audit.view", { permissions: ["server.*"], servers: ["mc-*"], paths: ["/world"] }]];
  it.each([
    [row(["audit.view"]), true],
    [row(["audit.view"], { servers: ["x"] }), true],
    [row(["server.view"]), false],
    [row(["server.view"], { servers: ["mc-1"], paths: ["/world"] }), true],
    [row(["server.view"], { servers: ["mc-1"] }), false],
    [row(["server.files.*"], { servers: ["mc-*"], paths: ["/world/nether/"] }), true],
    [row(["server.files.*"], { servers: ["mc-*"], paths: ["/worlds"] }), false],
    [row(["server.view"], { servers: ["mc-1", "bot"], paths: ["/world"] }), false],
    // A pattern is covered only by itself or by *, whatever it could match.
    [row(["server.view"], { servers: ["mc-1*"], paths: ["/world"] }), false],
    [row(["*"], { servers: ["mc-*"], paths: ["/world"] }), false],
  ])("%j: %s", (wanted, is) => expect(covers(some, wanted)).toBe(is));
  it("takes permissions one by one, each of another grant", () =>
    expect(covers([["server.view", "audit.view"]], row(["server.view", "audit.view"]))).toBe(true));
  it("needs all lists", () => expect(covers([["*"], ["server.view"]], row(["audit.view"]))).toBe(false));
  it("gives everything to who has everything, and to who is not known", () => {
    expect(coversAll([["*"]], ["config.edit", { shape: "unknown" }])).toBe(true);
    expect(coversAll([["server.*"]], [{ shape: "unknown" }])).toBe(false);
    expect(coversAll(undefined, ["*"])).toBe(true);
    expect(isEverything([["server.*"]])).toBe(false);
  });
  it("compares lines of input as texts", () => {
    const typist = [[{ permissions: ["server.console.write"], input: ["say *"] }]];
    expect(covers(typist, row(["server.console.write"], { input: ["say *"] }))).toBe(true);
    expect(covers(typist, row(["server.console.write"], { input: ["say hello"] }))).toBe(false);
    expect(covers(typist, row(["server.console.write"]))).toBe(false);
  });
});

describe("patterns of servers", () => {
  it.each([
    ["mc-*", "mc-1", true],
    ["mc-*", "mc", false],
    ["mc-?", "mc-12", false],
    ["mc-[0-9]", "mc-4", true],
    ["mc-[!0-9]", "mc-4", false],
    ["a.b", "axb", false],
    ["[", "[", true],
    ["[]]", "]", true],
    ["[^a]", "^", true],
    ["[z-a]", "b", false],
    ["(x|y)", "x", false],
    ["*", "any\nthing", true],
  ])("%s names %s: %s", (pattern, server, is) => expect(names(pattern, server)).toBe(is));
});
