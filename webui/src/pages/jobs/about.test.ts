import { expect, it } from "vitest";
import type { Job } from "../../live/types";
import { aboutOf, isOver, nameOfJob, skippedIn } from "./about";

const job = (more: Partial<Job>): Job => ({ kind: "copy", state: "running", result: null, ...more }) as Job;

it("a job says what it is about", () => {
  expect(aboutOf(job({ src: "/a", dest: "/b" }))).toBe("/a to /b");
  expect(aboutOf(job({ path: "/x", query: "*.log" }))).toBe("/x for “*.log”");
  expect(aboutOf(job({ operations: "3" }))).toBe("3 operations");
  expect(aboutOf(job({}))).toBe("");
});

it("a kind that is not known yet is told as it is", () => {
  expect(nameOfJob({ kind: "compress" })).toBe("Archive");
  expect(nameOfJob({ kind: "dream" })).toBe("dream");
});

it("what was left out is told, and counted beyond what was noted", () => {
  expect(skippedIn(job({ result: { skipped: [{ path: "a", reason: "b" }, 3], skippedCount: 7 } }))).toEqual({
    count: 7,
    told: [{ path: "a", reason: "b" }],
  });
  expect(skippedIn(job({ result: null })).count).toBe(0);
});

it("waiting and running are not over", () => {
  expect([isOver({ state: "waiting" }), isOver({ state: "running" }), isOver({ state: "failed" })]).toEqual([false, false, true]);
});
