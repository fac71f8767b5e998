import { describe, expect, it } from "vitest";
import { ago, bytes, duration, percent } from "./format";

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [150 * 1024 ** 2, "150 MiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
  ])("tells %d as %s", (count, told) => expect(bytes(count)).toBe(told));
});

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3_661, "1 h 1 min"],
    [3_605, "1 h"],
    [90_000, "1 d 1 h"],
  ])("tells %d seconds as %s", (seconds, told) => expect(duration(seconds)).toBe(told));
  it("keeps tenths if asked to", () => expect(duration(4.26, true)).toBe("4.3 s"));
  it("is never below zero", () => expect(duration(-5)).toBe("0 s"));
});

it("tells percent", () => expect([percent(0), percent(12.34), percent(250)]).toEqual(["0.0 %", "12.3 %", "250 %"]));
it("tells how long ago", () => expect([ago(100, 100.5), ago(100, 400)]).toEqual(["just now", "5 min ago"]));
