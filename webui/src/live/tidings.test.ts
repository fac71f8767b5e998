import { describe, expect, it } from "vitest";
import { Tidings, together } from "./tidings";
import type { Cause, Happening, State } from "./types";

let id = 0;

function event(server: string, to: State, reason = "", cause: Partial<Cause> = { kind: "exit" }, told = {}): Happening {
  return { id: (id += 1), at: 0, server, type: "state", to, reason, cause: { kind: "", who: "", detail: "", ...cause }, ...told };
}

const by = (who: string) => ({ kind: "person", who });

function texts(...events: Happening[]): string[] {
  const tidings = new Tidings();
  return events.flatMap((one) => tidings.of(one, "maria")?.text ?? []);
}

describe("what is told", () => {
  it("is a crash with its reason, and that it is up again", () =>
    expect(
      texts(
        event("chat", "backoff", "exited with code 3; waiting to be restarted (1 of 5)"),
        event("chat", "starting", "restarting", { kind: "timer" }),
        event("chat", "running", "running", { kind: "timer" }),
      ),
    ).toEqual(["chat crashed: exited with code 3", "chat is up again."]));
  it("is nothing of the recovery that he has brought about himself", () =>
    expect(texts(event("a", "failed", "x"), event("a", "starting", "", by("maria")), event("a", "running"))).toEqual([
      "a crashed and stays down: x",
    ]));
  it("is nothing of a start that follows no crash", () => expect(texts(event("a", "starting"), event("a", "running"))).toEqual([]));
  it("is nothing of what the person did himself", () =>
    expect(texts(event("a", "stopping", "", by("maria")), event("a", "stopped", "", by("maria")))).toEqual([]));
  it("is what others did, and schedules", () =>
    expect(
      texts(
        event("a", "stopping", "", by("tom")),
        event("a", "stopped", "", by("tom")),
        event("a", "starting", "", { kind: "schedule", who: "nightly" }),
      ),
    ).toEqual(["a was stopped by tom.", "a was started by the schedule nightly."]));
  it("is nothing of what the config or a start of Holdfast brings", () =>
    expect(texts(event("a", "starting", "", { kind: "boot" }), event("a", "stopped", "", { kind: "config" }))).toEqual([]));
  it("is illness, and that it is over", () => {
    const ill = (healthy: boolean): Happening => ({ id: 1, at: 0, server: "a", type: "health", healthy, reason: "no answer" });
    expect(texts(ill(true), ill(false), ill(true))).toEqual(["a is unhealthy: no answer", "a is healthy again."]);
  });
});

describe("what comes together", () => {
  const crash = (name: string) => new Tidings().of(event(name, "backoff", "exited with code 1"), "me");
  const news = (...names: string[]) => names.map(crash).filter((one) => one !== null);
  it("is told one by one while it is few, each server once", () =>
    expect(together(news("a", "b", "a")).map((one) => one.text)).toEqual([
      "a crashed: exited with code 1",
      "b crashed: exited with code 1",
    ]));
  it("is one message where it is many", () =>
    expect(together(news("a", "b", "c", "d", "e", "f"))).toEqual([
      { kind: "warning", text: "6 servers crashed: a, b, c, d and 2 others", name: null },
    ]));
  it("is nothing where nothing happened", () => expect(together([])).toEqual([]));
});
