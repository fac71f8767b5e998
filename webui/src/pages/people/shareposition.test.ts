import { expect, it } from "vitest";
import { Position } from "./shareposition";

function message(offset: number, text: string): ArrayBuffer {
  const bytes = new TextEncoder().encode(text);
  const data = new Uint8Array(8 + bytes.length);
  new DataView(data.buffer).setBigUint64(0, BigInt(offset));
  data.set(bytes, 8);
  return data.buffer;
}

it("comes back where it was, in the stream where it was", () => {
  const position = new Position();
  expect(position.query).toEqual({ since: undefined, stream: undefined });
  expect(position.told({ type: "settings", stream: "s", offset: 10 })).toBeUndefined();
  expect(new TextDecoder().decode(position.came(message(10, "hello")))).toBe("hello");
  expect(position.query).toEqual({ since: 15, stream: "s" });
  expect(position.told({ type: "settings", stream: "s", offset: 15 })).toBeUndefined();
  expect(position.told({ type: "gap", from: 15, to: 40 })).toEqual({ gap: 25 });
  expect(position.query).toEqual({ since: 40, stream: "s" });
  expect(position.told({ type: "reset", stream: "other", offset: 0 })).toBe("reset");
  expect(position.query).toEqual({ since: 0, stream: "other" });
  expect(position.told({ type: "state" })).toBeUndefined();
});
