import { describe, expect, it } from "vitest";
import type { State } from "../live/types";
import { arranged, clicked, type Entry, fits, orderFrom, orderText, shows, USUAL } from "./order";

const one = (name: string, state: State, cpu = 0, memory = 0): Entry => ({ name, server: { state }, cpu, memory });

const ALL = [
  one("mc-10", "running", 5, 100),
  one("mc-9", "stopped"),
  one("Chat", "backoff", 0, 0),
  one("db", "failed"),
  one("web", "running", 50, 10),
];

describe("the order", () => {
  it("is by name, with numbers as numbers", () =>
    expect(arranged(ALL, USUAL, "all", "")).toEqual(["Chat", "db", "mc-9", "mc-10", "web"]));
  it("can be by state, with those first that need somebody", () =>
    expect(arranged(ALL, { by: "state", down: false }, "all", "")).toEqual(["db", "Chat", "mc-10", "web", "mc-9"]));
  it("can be by CPU, and equal ones are by name", () =>
    expect(arranged(ALL, { by: "cpu", down: true }, "all", "")).toEqual(["web", "mc-10", "Chat", "db", "mc-9"]));
  it("can be by memory", () =>
    expect(arranged(ALL, { by: "memory", down: true }, "all", "").slice(0, 2)).toEqual(["mc-10", "web"]));
  it("is turned round by a second click, and begins with the largest number", () => {
    expect(clicked(USUAL, "name")).toEqual({ by: "name", down: true });
    expect(clicked(USUAL, "cpu")).toEqual({ by: "cpu", down: true });
    expect(clicked({ by: "cpu", down: true }, "cpu")).toEqual({ by: "cpu", down: false });
  });
  it("is remembered", () => {
    expect(orderFrom(orderText({ by: "memory", down: true }))).toEqual({ by: "memory", down: true });
    expect([orderFrom(null), orderFrom("nonsense down")]).toEqual([USUAL, USUAL]);
  });
  it("leaves what it was given as it was", () => {
    const before = ALL.map((entry) => entry.name);
    arranged(ALL, USUAL, "all", "");
    expect(ALL.map((entry) => entry.name)).toEqual(before);
  });
});

describe("the filters", () => {
  it("take all words in any case", () => {
    expect([fits("MC-survival", "mc sur"), fits("MC-survival", "mc x"), fits("a", "")]).toEqual([true, false, true]);
  });
  it.each([
    ["up", ["running", "starting", "stopping"]],
    ["down", ["stopped", "failed"]],
    ["crashed", ["backoff", "failed"]],
  ] as const)("%s are %s", (show, states) => {
    const every = ["stopped", "starting", "running", "stopping", "backoff", "failed"] as const;
    expect(every.filter((state) => shows(show, { state }))).toEqual(every.filter((state) => states.includes(state as never)));
  });
  it("work together", () => expect(arranged(ALL, USUAL, "up", "mc")).toEqual(["mc-10"]));
});
