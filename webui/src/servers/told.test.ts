import { expect, it } from "vitest";
import type { Happening } from "../live/types";
import { plainLine, whyOf, withNew, withOlder } from "./told";

const event = (id: number, told: Partial<Happening> = {}): Happening =>
  ({ id, at: id, server: "a", type: "state", ...told }) as Happening;

it("shows output without colours and other escapes", () => {
  expect(plainLine("\u001b[31;1merror\u001b[0m: \u001b]0;title\u0007no\u0008pe\ttab")).toBe("error: nope\ttab");
});

it("tells why, without the budget, and of a check which one", () => {
  expect(whyOf(event(1, { to: "backoff", reason: "exited with code 3; waiting to be restarted (1 of 5)" }))).toBe("exited with code 3");
  expect(whyOf(event(1, { type: "health", check: "port", reason: "connection refused" }))).toBe("check port: connection refused");
});

it("keeps each event once, the newest first", () => {
  const known = [event(5), event(3)];
  expect(withNew(known, event(5))).toBe(known);
  expect(withNew(known, event(6)).map((one) => one.id)).toEqual([6, 5, 3]);
  expect(withOlder(known, [event(3), event(2)]).map((one) => one.id)).toEqual([5, 3, 2]);
});
