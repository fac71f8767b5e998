import { expect, it } from "vitest";
import { secondsOf } from "./expiry";

it("is seconds, for ever, or no moment to come", () => {
  expect(secondsOf({ choice: "day", until: "" })).toBe(86_400);
  expect(secondsOf({ choice: "never", until: "" })).toBeUndefined();
  const now = new Date("2026-01-01T00:00:00").getTime() / 1000;
  expect(secondsOf({ choice: "until", until: "2026-01-01T01:00:00" }, now)).toBe(3_600);
  expect(secondsOf({ choice: "until", until: "2025-12-31T23:00" }, now)).toBeNull();
  expect(secondsOf({ choice: "until", until: "" }, now)).toBeNull();
});
