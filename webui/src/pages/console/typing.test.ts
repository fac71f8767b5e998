import { beforeEach, expect, test } from "vitest";
import { ConsoleProtocol } from "./protocol";
import { Typing } from "./typing";

let sent: (string | number)[];
let typing: Typing;
let link: { open: boolean; line: (text: string) => string | null; keys: (data: Uint8Array, marked?: boolean) => string | null; protocol: ConsoleProtocol };

beforeEach(() => {
  sent = [];
  const protocol = new ConsoleProtocol();
  link = {
    open: true,
    protocol,
    line: (text) => {
      const [id] = protocol.line(text);
      sent.push(text);
      return id;
    },
    keys: (data, marked) => {
      sent.push(data.length);
      return marked ? protocol.mark()[0] : null;
    },
  };
  typing = new Typing(() => link);
});

function take(id: number): void {
  link.protocol.hear(JSON.stringify({ type: "taken", id: String(id) }));
  typing.taken(String(id));
}

function told(): string[] {
  return typing.remarks.all.value.map((one) => `${one.kind} ${one.lines.join("|")}`.trim());
}

test("many lines go as they are taken, in their order", () => {
  const lines = Array.from({ length: 100 }, (_, number) => `line ${number}`);
  expect(typing.send(lines)).toBe(true);
  expect(sent).toHaveLength(32);
  expect(typing.waiting.value).toBe(100);
  for (let id = 1; id <= 100; id += 1) take(id);
  expect(sent).toEqual(lines);
  expect(typing.waiting.value).toBe(0);
});

test("after a line that is refused the rest is not sent, and told", () => {
  typing.send(Array.from({ length: 34 }, (_, number) => `${number}`));
  link.protocol.hear(JSON.stringify({ type: "notice", id: "1", message: "no", kind: "not-permitted" }));
  typing.told("no", "1", "0");
  expect(told()).toEqual(["refused 0", "unsent 32|33"]);
  expect(sent).toHaveLength(32);
});

test("what was not sent when the connection was cut is told, and never sent", () => {
  typing.send(Array.from({ length: 33 }, (_, number) => `${number}`));
  typing.unsure(link.protocol.lost());
  typing.cut();
  typing.go();
  expect(told().map((one) => one.split(" ")[0])).toEqual(["unsure", "unsent"]);
  expect(typing.remarks.all.value[1]?.lines).toEqual(["32"]);
  expect(sent).toHaveLength(32);
});

test("nothing is sent where there is no connection", () => {
  link.open = false;
  expect(typing.send(["x"])).toBe(false);
  typing.press(new Uint8Array(1));
  expect(sent).toEqual([]);
  expect(told()).toEqual(["notice"]);
});

test("a line that is too long is told, and the rest kept back", () => {
  typing.send(["x".repeat(1_000_001), "y"]);
  expect(sent).toEqual([]);
  expect(told().map((one) => one.split(" ")[0])).toEqual(["refused", "unsent"]);
});

test("keys go at once, a large paste part by part", () => {
  typing.press(new Uint8Array(3));
  typing.press(new Uint8Array(140_000));
  expect(sent).toEqual([3, 65_536]);
  take(1);
  expect(sent).toEqual([3, 65_536, 65_536]);
  take(2);
  expect(sent).toEqual([3, 65_536, 65_536, 8928]);
  typing.press(new Uint8Array(1));
  expect(sent.at(-1)).toBe(1);
});
