import { expect, test } from "vitest";
import { store } from "../../live/store";
import { addressOf, apiQuery, askedBy, finder, lasting, plain, USUAL } from "./asked";

test("what is asked stands in the address, and comes back from it", () => {
  const asked = {
    range: "own" as const,
    from: 1_790_000_000,
    to: 1_790_000_900,
    text: "a&b=c #1",
    regex: true,
    exact: true,
    spot: { stream: "0123456789abcdef", end: 42, time: 1_790_000_001.5 },
  };
  expect(askedBy(new URLSearchParams(addressOf(asked)))).toEqual(asked);
  expect(addressOf(USUAL)).toEqual({});
});

test("what makes no sense is as usual", () => {
  expect(askedBy(new URLSearchParams("range=never&from=x&at=1:2:3"))).toEqual(USUAL);
});

test("a range is since a moment that stays, however long one reads", () => {
  expect(apiQuery({ ...USUAL, range: "1h" }, 10_000.5)).toEqual({ since: 6400, until: undefined, grep: undefined, case: undefined });
  expect(lasting({ ...USUAL, range: "15m" }, 10_000.5)).toMatchObject({ range: "own", from: 9100, to: 10_001 });
});

test("a text is sought as it stands, an expression as what it means", () => {
  expect(apiQuery({ ...USUAL, text: "a.b[1]" }).grep).toBe("a\\.b\\[1\\]");
  expect(apiQuery({ ...USUAL, text: "a.b", regex: true }).grep).toBe("a.b");
  expect(apiQuery({ ...USUAL, text: "a" }).case).toBe(false);
  expect(apiQuery({ ...USUAL, text: "a", exact: true }).case).toBeUndefined();
});

test("it is found here as there", () => {
  expect("x A.B y".match(finder({ ...USUAL, text: "a.b" }) ?? /$/)?.[0]).toBe("A.B");
  expect("x AxB y".match(finder({ ...USUAL, text: "a.b" }) ?? /$/)).toBeNull();
  expect(finder({ ...USUAL, text: "(?i)a", regex: true })).toBeNull();
  expect(finder(USUAL)).toBeNull();
  const odd = "\\^$.*+?()[]{}|/-";
  expect(new RegExp(plain(odd), "u").test(odd)).toBe(true);
});

test("a range is reckoned by the daemon's clock, where the browser's is wrong", () => {
  const before = lasting({ ...USUAL, range: "1h" }).to ?? 0;
  store.ahead.value = -3600;
  const after = lasting({ ...USUAL, range: "1h" }).to ?? 0;
  store.ahead.value = 0;
  expect(Math.abs(before - 3600 - after)).toBeLessThanOrEqual(60);
});
