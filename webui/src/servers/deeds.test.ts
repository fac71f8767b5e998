import { describe, expect, it } from "vitest";
import type { Server, State } from "../live/types";
import { concerned, forAll, hurts, offered } from "./deeds";

function seen(state: State, told: Partial<Server> = {}): Server {
  const alive = state === "running" || state === "starting" || state === "stopping";
  return { state, paused: false, next: null, pid: alive ? 5 : null, ...told } as Server;
}

function names(server: Server): string {
  return Object.entries(offered(server))
    .filter(([, is]) => is)
    .map(([name]) => name)
    .join(" ");
}

describe("what is offered", () => {
  it.each([
    ["stopped", "start"],
    ["failed", "start"],
    ["backoff", "start stop"],
    ["starting", "stop restart kill signal"],
    ["running", "stop restart kill pause signal"],
    ["stopping", "stopping kill signal"],
  ] as const)("for one that is %s: %s", (state, told) => expect(names(seen(state))).toBe(told));
  it("takes back the start of one that waits for others", () =>
    expect(names(seen("stopped", { next: { action: "start", in: null, at: null } }))).toBe("stop"));
  it("lets one that is paused go on", () =>
    expect(names(seen("running", { paused: true }))).toBe("stop restart kill resume signal"));
  it("does not start what is removed from the config", () =>
    expect(names(seen("running", { toDelete: true }))).toBe("stop kill pause signal"));
});

it("asks before what hurts, and only then", () => {
  expect([hurts("kill", "running"), hurts("stop", "running"), hurts("restart", "starting")]).toEqual([true, true, true]);
  expect([hurts("start", "stopped"), hurts("stop", "backoff"), hurts("pause", "running")]).toEqual([false, false, false]);
});

it("knows for whom of several a deed is something", () => {
  const all = new Map([
    ["a", seen("running")],
    ["b", seen("stopped")],
    ["c", seen("backoff")],
  ]);
  expect([concerned("start", all), concerned("stop", all), concerned("restart", all)]).toEqual([["b", "c"], ["a", "c"], ["a"]]);
});

it("does much a few at a time, and tells all that went wrong", async () => {
  let now = 0;
  let most = 0;
  const failed = await forAll(
    Array.from({ length: 20 }, (_, at) => `${at}`),
    async (name) => {
      most = Math.max(most, (now += 1));
      await Promise.resolve();
      now -= 1;
      if (name === "7" || name === "13") throw new Error(name);
    },
    4,
  );
  expect(most).toBe(4);
  expect([...failed.keys()]).toEqual(["7", "13"]);
});
