import { describe, expect, test } from "vitest";
import { ConsoleProtocol, Nonsense, partsOf } from "./protocol";

function frame(offset: number, text: string): ArrayBuffer {
  const data = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + data.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(offset));
  whole.set(data, 8);
  return whole.buffer;
}

function settings(offset: number, more: object = {}): string {
  return JSON.stringify({ type: "settings", readOnly: false, stream: "s", offset, end: offset, terminal: null, ...more });
}

function opened(position: number | null = null, stream = ""): ConsoleProtocol {
  const protocol = new ConsoleProtocol(position, stream);
  protocol.opened("console-v3");
  return protocol;
}

describe("where it is", () => {
  test("without a place the latest lines are asked for, and the settings say where they begin", () => {
    const protocol = opened();
    expect(protocol.query).toEqual({});
    expect(protocol.hear(settings(100)).map((one) => one.type)).toEqual(["settings"]);
    expect(protocol.position).toBe(100);
  });

  test("output moves the place by what it holds", () => {
    const protocol = opened();
    protocol.hear(settings(100));
    const [output] = protocol.hear(frame(100, "hello"));
    expect(output).toMatchObject({ type: "output", offset: 100 });
    expect(protocol.query).toEqual({ since: 105, stream: "s" });
  });

  test("who comes back asks for the very next byte", () => {
    const protocol = opened();
    protocol.hear(settings(0));
    protocol.hear(frame(0, "abc"));
    expect(protocol.closed(1006)).toEqual({ then: "return" });
    protocol.opened("console-v3");
    expect(protocol.hear(settings(3)).map((one) => one.type)).toEqual(["settings"]);
    expect(protocol.hear(frame(3, "def"))).toHaveLength(1);
  });

  test("output that was there already is not shown again", () => {
    const protocol = opened();
    protocol.hear(settings(0));
    protocol.hear(frame(0, "abc"));
    expect(() => protocol.hear(frame(0, "abc"))).toThrow(Nonsense);
    expect(protocol.position).toBe(3);
  });

  test("output that skips bytes without saying so is not shown", () => {
    const protocol = opened();
    protocol.hear(settings(0));
    expect(() => protocol.hear(frame(7, "abc"))).toThrow(Nonsense);
  });

  test("output before the settings is not shown", () => {
    const protocol = opened(5, "s");
    expect(() => protocol.hear(frame(5, "abc"))).toThrow(Nonsense);
  });

  test("what was lost while nobody was connected is a gap", () => {
    const protocol = opened(50, "s");
    expect(protocol.hear(settings(80))).toMatchObject([{ type: "settings" }, { type: "gap", from: 50, to: 80 }]);
    expect(protocol.position).toBe(80);
  });

  test("a gap moves the place", () => {
    const protocol = opened();
    protocol.hear(settings(0));
    expect(protocol.hear('{"type":"gap","from":0,"to":9}')).toEqual([{ type: "gap", from: 0, to: 9 }]);
    expect(protocol.hear(frame(9, "x"))).toHaveLength(1);
  });

  test("of another stream nothing is missing: a reset says where it begins", () => {
    const protocol = opened(50, "s");
    expect(protocol.hear(settings(80, { stream: "new" })).map((one) => one.type)).toEqual(["settings"]);
    protocol.hear('{"type":"reset","stream":"new","offset":0}');
    expect(protocol.query).toEqual({ since: 0, stream: "new" });
  });

  test("offsets beyond 32 bits are whole", () => {
    const at = 2 ** 40 + 7;
    const protocol = opened();
    protocol.hear(settings(at));
    protocol.hear(frame(at, "ab"));
    expect(protocol.position).toBe(at + 2);
  });
});

describe("what was typed", () => {
  test("a line is unanswered until it is taken or refused", () => {
    const protocol = opened();
    const [first] = protocol.line("list");
    const [second] = protocol.line("stop");
    protocol.hear(JSON.stringify({ type: "taken", id: first }));
    expect(protocol.waiting).toBe(1);
    protocol.hear(JSON.stringify({ type: "notice", message: "no", id: second, kind: "not-permitted" }));
    expect(protocol.lost()).toEqual([]);
  });

  test("a line that was not answered when the connection was cut is told, once", () => {
    const protocol = opened();
    protocol.line("give diamond");
    expect(protocol.lost()).toEqual(["give diamond"]);
    expect(protocol.lost()).toEqual([]);
  });

  test("a line that is too long is not sent", () => {
    const protocol = opened();
    expect(() => protocol.line("x".repeat(1_000_001))).toThrow(Nonsense);
    expect(() => protocol.line("é".repeat(600_000))).toThrow(Nonsense);
    expect(protocol.waiting).toBe(0);
  });

  test("a size that no terminal has is not sent", () => {
    const protocol = opened();
    expect(protocol.resizing(24, 80)).toBe('{"type":"resize","rows":24,"columns":80}');
    expect(protocol.resizing(0, 80)).toBeNull();
    expect(protocol.resizing(24, 1001)).toBeNull();
  });

  test("much that was pasted goes in parts", () => {
    expect(partsOf(new Uint8Array(150_000)).map((part) => part.length)).toEqual([65_536, 65_536, 18_928]);
  });
});

describe("what else is said", () => {
  test("types that nobody knows mean nothing", () => {
    expect(opened().hear('{"type":"weather","rain":true}')).toEqual([]);
  });

  test("what is no message is told", () => {
    expect(() => opened().hear("hello")).toThrow(Nonsense);
    expect(() => opened().hear("null")).toThrow(Nonsense);
    expect(() => opened().hear(new ArrayBuffer(8))).toThrow(Nonsense);
    expect(() => opened().hear('{"type":"gap","from":0,"to":-1}')).toThrow(Nonsense);
    expect(() => new ConsoleProtocol().opened("")).toThrow(Nonsense);
  });

  test.each([
    [1006, { then: "return" }],
    [1012, { then: "return" }],
    [4401, { then: "login" }],
    [4403, { then: "end", kind: "not-permitted", why: "why" }],
    [4404, { then: "end", kind: "removed", why: "why" }],
    [4429, { then: "wait", why: "why" }],
    [4503, { then: "wait", why: "why" }],
  ])("a close by %i says what to do", (code, what) => {
    expect(opened().closed(code, "why")).toEqual(what);
  });

  test("the error before a close says why", () => {
    const protocol = opened();
    protocol.hear('{"type":"error","message":"Too many viewers"}');
    expect(protocol.closed(4429, "too-many-viewers")).toEqual({ then: "wait", why: "Too many viewers" });
  });

  test("a place that is none is forgotten", () => {
    const protocol = opened(12, "s");
    expect(protocol.closed(4400)).toEqual({ then: "return" });
    expect(protocol.query).toEqual({});
  });
});
