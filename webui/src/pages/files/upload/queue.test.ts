// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../../../api/problem";
import { type Batch, Queue, type Task } from "./queue";

interface Run {
  task: Task;
  signal: AbortSignal;
  end: (came: "done" | "exists") => void;
  fail: (why: Problem) => void;
}

let runs: Run[];
let done: string[];
let dropped: string[];
let queue: Queue;

const carry = (task: Task, signal: AbortSignal) =>
  new Promise<"done" | "exists">((end, fail) => {
    runs.push({ task, signal, end, fail });
    signal.addEventListener("abort", () => fail(new Problem("", "aborted")));
  });

beforeEach(() => {
  runs = [];
  done = [];
  dropped = [];
  queue = new Queue(carry, 2, {
    changed: () => undefined,
    done: (task) => void done.push(task.name),
    dropped: (task) => void dropped.push(task.name),
  });
});

const batch = (): Batch => ({ server: "s", base: "" });
const fill = (names: string, one = batch()) =>
  [...names].map((name) => queue.add({ batch: one, folder: "", name, source: new File([], name), size: 10 }));
const settled = () => new Promise((resolve) => setTimeout(resolve));
const running = () => queue.list(["running"], 99).map((task) => task.name).join("");
const run = (name: string): Run => runs.findLast((one) => one.task.name === name) as Run;

describe("the queue", () => {
  it("carries a few at once, in order, and counts", async () => {
    fill("abcd");
    expect(running()).toBe("ab");
    run("a").end("done");
    await settled();
    expect(running()).toBe("bc");
    expect(done).toEqual(["a"]);
    run("b").task.sent = 4;
    expect(queue.counts()).toMatchObject({ waiting: 1, running: 2, done: 1, bytes: 40, sent: 14 });
  });

  it("keeps nothing of ten thousand that are done but their number", async () => {
    queue = new Queue(async () => "done", 3, queue.hooks);
    for (let at = 0; at < 10_000; at += 1) fill("x");
    while (queue.active) await settled();
    expect(queue.counts()).toMatchObject({ done: 10_000, waiting: 0, bytes: 100_000, sent: 100_000 });
    expect(queue.list(["waiting", "running", "paused", "asking", "failed"], 9)).toEqual([]);
  });

  it("pauses one: another takes its place, and it goes on as soon as there is room", async () => {
    const [a] = fill("abc");
    queue.pause(a as Task);
    expect(run("a").signal.aborted).toBe(true);
    await settled();
    expect(running()).toBe("bc");
    queue.resume(a as Task);
    expect(running()).toBe("bc");
    run("b").end("done");
    await settled();
    expect(running()).toBe("ac");
  });

  it("that is resumed before it had stopped is carried once, not twice", async () => {
    const [a] = fill("a");
    queue.pause(a as Task);
    queue.resume(a as Task);
    await settled();
    expect(running()).toBe("a");
    expect(runs).toHaveLength(2);
    run("a").end("done");
    await settled();
    expect(done).toEqual(["a"]);
    expect(queue.active).toBe(false);
  });

  it("pauses and resumes all", async () => {
    fill("abc");
    queue.pauseAll();
    await settled();
    expect(running()).toBe("");
    expect(queue.counts()).toMatchObject({ paused: 2, waiting: 1 });
    queue.resumeAll();
    await settled();
    expect(running()).toBe("ab");
  });

  it("cancels what runs and what waits, and tells what can be cleared away", async () => {
    const [a, , c] = fill("abcd");
    queue.cancel(a as Task);
    queue.cancel(c as Task);
    await settled();
    expect(running()).toBe("bd");
    expect(dropped).toEqual(["a", "c"]);
    queue.cancelAll();
    await settled();
    expect(dropped).toEqual(["a", "c", "b", "d"]);
    expect(queue.active).toBe(false);
    expect(queue.counts()).toMatchObject({ bytes: 0, done: 0 });
  });

  it("keeps what failed, with the reason, and tries it again", async () => {
    const [a] = fill("a");
    run("a").fail(new Problem("full", "no-space", 507));
    await settled();
    expect(a).toMatchObject({ state: "failed", problem: { message: "full" } });
    queue.resume(a as Task);
    expect(a).toMatchObject({ state: "running", problem: undefined });
  });

  it("asks about a name that is taken, and goes on with the others meanwhile", async () => {
    const [a] = fill("abc");
    run("a").end("exists");
    await settled();
    expect(a?.state).toBe("asking");
    expect(running()).toBe("bc");
    queue.decide(a as Task, "both", false);
    run("b").end("done");
    await settled();
    expect(run("a").task.decision).toBe("both");
    expect(running()).toBe("ac");
  });

  it("takes an answer for all that came together, also for those that come to it later", async () => {
    const [a] = fill("abc");
    run("a").end("exists");
    run("b").end("exists");
    await settled();
    queue.decide(a as Task, "skip", true);
    expect(queue.counts()).toMatchObject({ skipped: 2, asking: 0 });
    run("c").end("exists");
    await settled();
    expect(queue.counts()).toMatchObject({ skipped: 3, asking: 0, done: 0 });
    fill("d");
    run("d").end("exists");
    await settled();
    expect(queue.counts().asking).toBe(1);
  });
});
