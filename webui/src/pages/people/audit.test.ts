import { describe, expect, it } from "vitest";
import { type AuditEntry, deedOf, jsonLines, outcomeOf } from "./auditentry";
import { added, MOST, NONE } from "./auditshown";
import { addressOf, type Filter, filterOf, localOf, momentOf, NO_FILTER, queryOf } from "./auditfilter";

const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  seq: 1,
  ts: 0,
  action: "",
  user: "ann",
  ip: "@",
  result: "success",
  ...more,
});

describe("sentences", () => {
  it.each([
    [{ action: "accounts.create", taggedUser: "eve" }, "made the account eve"],
    [{ action: "accounts.update", taggedUser: "eve", changed: "password" }, "changed the account eve (password)"],
    [{ action: "sessions.end", taggedUser: "eve", count: 1 }, "ended 1 session of eve"],
    [{ action: "server.console.input", server: "mc", input: "say hi" }, "typed “say hi” into the console of mc"],
    [{ action: "server.stop", server: "mc", result: "denied" as const }, "tried to stop mc"],
    [{ action: "server.files.move", src: ["a", "b", "c"], dest: "x", server: "mc" }, "moved a, b and c to x in mc"],
    [{ action: "auth.login" }, "logged in"],
    [{ action: "server.fly", server: "mc" }, "server.fly of mc"],
    [{ action: "new.thing" }, "new.thing"],
    [{ action: "keys.delete" }, "ended the API key ? of ?"],
    [{ action: undefined as unknown as string }, "started"],
  ])("%j: %s", (more, told) => expect(deedOf(entry(more))).toBe(told));
  it("says why something came to nothing", () => {
    expect(outcomeOf(entry({}))).toBe("");
    expect(outcomeOf(entry({ result: "failed", cause: "Disk full!" }))).toBe("(failed: Disk full!)");
    expect(outcomeOf(entry({ result: "failed", cause: "x", reason: "wrong-password" }))).toBe(
      "(failed: wrong password)",
    );
    expect(outcomeOf(entry({ result: "denied", cause: "not-permitted: You may not!" }))).toBe("(refused: You may not!)");
    expect(outcomeOf(entry({ result: "denied" }))).toBe("(refused)");
  });
});

describe("lines of JSON", () => {
  const stream = (...parts: (string | Uint8Array)[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(typeof part === "string" ? new TextEncoder().encode(part) : part);
        controller.close();
      },
    });
  const all = async (from: ReadableStream<Uint8Array>) => {
    const found: unknown[] = [];
    for await (const some of jsonLines(from)) found.push(...some);
    return found;
  };
  it("are read across borders of blocks, and without an end of the last line", async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}\n{"a":2}\n\n{"a":3}');
    const parts = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await all(stream(...parts))).toEqual([{ a: "é" }, { a: 2 }, { a: 3 }]);
  });
  it("that are none are left out", async () =>
    expect(await all(stream('{"a":1}\n{"a":\n', '{"a":3}\n'))).toEqual([{ a: 1 }, { a: 3 }]));
  it("let go of what is not read to its end", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('{"a":1}\n')),
      cancel: () => void (cancelled = true),
    });
    for await (const some of jsonLines(endless)) if (some.length > 0) break;
    expect(cancelled).toBe(true);
  });
});

describe("filters", () => {
  const filters: Filter[] = [
    NO_FILTER,
    { ...NO_FILTER, user: "ann & bob", action: "server.files", result: "denied", range: "24h" },
    { ...NO_FILTER, server: "mc-1", address: "::1", range: "exact", since: 1_000, until: 2_000.5 },
  ];
  it.each(filters)("come back from the address: %j", (filter) =>
    expect(filterOf(new URLSearchParams(addressOf(filter)))).toEqual(filter),
  );
  it("leave nonsense out", () =>
    expect(filterOf(new URLSearchParams("result=maybe&range=1y&since=yesterday"))).toEqual(NO_FILTER));
  it("are asked of the API by the daemon's clock", () => {
    expect(queryOf({ ...NO_FILTER, range: "1h", user: " ann " }, 10_000)).toEqual({ user: "ann", since: 6_400 });
    expect(queryOf({ ...NO_FILTER, range: "exact", since: 0 }, 10_000)).toEqual({ since: "1970-01-01T00:00:00.000Z" });
    expect(queryOf(NO_FILTER, 1)).toEqual({});
  });
  it("have moments in the time of this place", () => {
    expect(momentOf(localOf(1_700_000_000))).toBe(1_700_000_000);
    expect(localOf(null)).toBe("");
    expect(momentOf("")).toBeNull();
  });
});

it("shows no more than a page can bear: the newest make room, and are counted", () => {
  const some = Array.from({ length: MOST - 1 }, (_, n) => entry({ seq: 5_000 - n }));
  const full = added(added(NONE, some), [entry({ seq: 7 }), entry({ seq: 6 }), entry({ seq: 5 })]);
  expect(full.entries).toHaveLength(MOST);
  expect([full.entries[0]?.seq, full.entries.at(-1)?.seq, full.dropped]).toEqual([4_998, 5, 2]);
});
