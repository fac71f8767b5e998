import { describe, expect, it } from "vitest";
import { entriesOf, grantsOf, listOf, rowOf } from "./grants";

const back = (grants: unknown[]) => grantsOf(entriesOf(grants));

describe("grants and rows", () => {
  it("keeps plain ones, in one row", () => {
    expect(entriesOf(["server.view", "audit.view"])).toHaveLength(1);
    expect(back(["server.view", "audit.view"])).toEqual(["server.view", "audit.view"]);
  });
  it("keeps limits", () => {
    const grants = [
      { permissions: ["server.files.*"], servers: ["mc-1"], paths: ["/world", "/plugins"] },
      { permissions: ["server.console.write"], input: ["say *", "list"] },
    ];
    expect(back(grants)).toEqual(grants);
  });
  it("takes a single text for a list", () =>
    expect(back([{ permissions: "server.*", servers: "bot" }])).toEqual([
      { permissions: ["server.*"], servers: ["bot"] },
    ]));
  it("understands Octyne's way", () =>
    expect(back(["server<mc 1>.console.view"])).toEqual([{ permissions: ["server.console.view"], servers: ["mc 1"] }]));
  it.each([
    [{ permissions: ["server.view"], until: 7 }],
    [{ permissions: [] }],
    [{ permissions: [7] }],
    [{ permissions: ["a"], servers: 7 }],
    [7],
    [null],
    [""],
    [["server.view"]],
  ])("keeps %j as it is", (odd) => {
    expect(rowOf(odd)).toBeUndefined();
    expect(back(["server.view", odd, "audit.view"])).toEqual(["server.view", "audit.view", odd]);
  });
  it("leaves out a row that grants nothing", () =>
    expect(grantsOf([{ kind: "row", row: { permissions: [], servers: ["a"], paths: null, input: null } }])).toEqual(
      [],
    ));
  it("never changes what it was given", () => {
    const given = Object.freeze([
      Object.freeze({ permissions: Object.freeze(["server.view"]) }),
      "audit.view",
      "host.view",
    ]);
    expect(back(given as unknown[])).toEqual(["server.view", "audit.view", "host.view"]);
  });
});

it("splits lists", () => expect(listOf(" mc-*, bot\nbot ,, x y ")).toEqual(["mc-*", "bot", "x y"]));
