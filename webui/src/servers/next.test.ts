import { describe, expect, it } from "vitest";
import type { Exit, Server } from "../live/types";
import { budgetOf, causeText, exitText, nextOf, reasonOf, signalName, whyText } from "./next";

const CRASHED = "exited with code 3; waiting to be restarted (3 of 5)";

function server(told: Partial<Server>): Server {
  return { state: "running", reason: "", next: null, waitsFor: [], pid: 7, ...told } as Server;
}

describe("what happens next", () => {
  it("counts down to a restart, with the budget", () => {
    const one = server({ state: "backoff", reason: CRASHED, next: { action: "restart", in: 4, at: 104 } });
    expect(nextOf(one, 100)).toBe("restarts in 4 s, 3 of 5");
    expect(nextOf(one, 100.2)).toBe("restarts in 4 s, 3 of 5");
    expect(nextOf(one, 103.5)).toBe("restarts in 1 s, 3 of 5");
    expect(nextOf(one, 105)).toBe("restarts any moment, 3 of 5");
  });
  it("tells how often, where there is no end of restarts", () => {
    const reason = "exited with code 3; waiting to be restarted (12)";
    const one = server({ state: "backoff", reason, next: { action: "restart", in: 4, at: 104 } });
    expect(nextOf(one, 100)).toBe("restarts in 4 s, for the 12th time");
  });
  it.each([
    ["step", 130, [], "is asked in another way in 30 s, if it has not ended"],
    ["kill", 130, [], "is killed in 30 s, if it has not ended"],
    ["fail", 160, [], "counts as crashed in 1 min, if it is not up by then"],
    ["start", null, ["db", "cache"], "starts when db, cache is ready"],
    ["stop", null, ["web"], "stops when web has ended"],
    ["restart", null, [], "restarts"],
  ] as const)("tells of %s", (action, at, waitsFor, told) => {
    expect(nextOf(server({ next: { action, in: null, at }, waitsFor: [...waitsFor] }), 100)).toBe(told);
  });
  it("says that a kill is tried again", () => {
    const one = server({ reason: "being killed", next: { action: "kill", in: 5, at: 105 } });
    expect(nextOf(one, 100)).toBe("is killed again in 5 s, if it has not ended");
  });
  it("says that one that failed stays down, and nothing of one that runs", () => {
    expect(nextOf(server({ state: "failed" }), 0)).toBe("stays down until somebody starts it");
    expect(nextOf(server({}), 0)).toBeNull();
  });
  it("says nothing of what it does not know", () => {
    expect(nextOf(server({ next: { action: "dance" as never, in: 1, at: 1 } }), 0)).toBeNull();
  });
});

describe("the budget", () => {
  it("is taken out of the reason", () => {
    expect(reasonOf({ state: "backoff", reason: CRASHED })).toBe("exited with code 3");
    expect(budgetOf({ state: "backoff", reason: CRASHED })).toEqual({ used: 3, of: 5 });
  });
  it("leaves the reason of one that is parked, without what is said as what comes next", () =>
    expect(reasonOf({ state: "failed", reason: "exited with code 7; not restarted until somebody starts it" })).toBe(
      "exited with code 7",
    ));
  it("is none of one that runs", () => expect(budgetOf({ state: "running", reason: CRASHED })).toBeNull());
});

it("says nothing that is nothing but the state once more", () => {
  const why = (reason: string) => whyText({ state: "running", reason });
  expect([why("running"), why("starting"), why("starting, waiting until it is ready"), why("does not work: no answer")]).toEqual([
    "",
    "",
    "waiting until it is ready",
    "does not work: no answer",
  ]);
});

const exit = (told: Partial<Exit>): Exit => ({ code: null, signal: null, ran: 0, note: "", ...told });

it("tells how a run has ended", () => {
  expect(exitText(exit({ code: 3, ran: 2.25 }))).toBe("exited with code 3 after 2.3 s");
  expect(exitText(exit({ signal: 9, ran: 3700, note: "memory had run out" }))).toBe(
    "ended by SIGKILL after 1 h 1 min (memory had run out)",
  );
  expect(exitText(exit({}))).toBe("ended, nobody knows how");
  expect([signalName(40), signalName("SIGHUP")]).toEqual(["signal 40", "SIGHUP"]);
});

it("tells who did it", () => {
  expect(causeText({ kind: "person", who: "@local", detail: "" })).toBe("by somebody at the machine");
  expect(causeText({ kind: "schedule", who: "nightly", detail: "" })).toBe("by the schedule nightly");
  expect(causeText({ kind: "exit", who: "", detail: "" })).toBe("");
});
