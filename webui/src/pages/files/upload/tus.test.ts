// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { Problem } from "../../../api/problem";
import { PAUSES, Upload } from "./tus";

const MIB = 1 << 20;
const sent = (offset: number) => ({ status: 204, offset });

function begun(size = 10 * MIB, chunk = 4 * MIB): Upload {
  const upload = new Upload(size, chunk);
  upload.take({ status: 201, url: "u1", offset: 0 });
  return upload;
}

describe("an upload", () => {
  it("is made, sent in chunks, and done when the last byte is answered", () => {
    const upload = new Upload(10 * MIB, 4 * MIB);
    expect(upload.step).toEqual({ do: "create" });
    upload.take({ status: 201, url: "u1", offset: 0 });
    expect(upload.step).toEqual({ do: "send", url: "u1", from: 0, to: 4 * MIB });
    upload.take(sent(4 * MIB));
    upload.take(sent(8 * MIB));
    expect(upload.step).toEqual({ do: "send", url: "u1", from: 8 * MIB, to: 10 * MIB });
    upload.take(sent(10 * MIB));
    expect(upload.step).toEqual({ do: "done" });
  });

  it("asks how far it came when an answer was lost, after a pause that grows", () => {
    const upload = begun();
    for (const seconds of [...PAUSES, PAUSES.at(-1)]) {
      upload.take({ status: 0 });
      expect(upload.step).toMatchObject({ do: "wait", seconds });
      upload.waited();
      expect(upload.step).toEqual({ do: "ask", url: "u1" });
    }
    upload.take({ status: 200, offset: 3 * MIB, length: 10 * MIB });
    expect(upload.step).toEqual({ do: "send", url: "u1", from: 3 * MIB, to: 7 * MIB });
    upload.take({ status: 0 });
    expect(upload.step).toMatchObject({ do: "wait", seconds: PAUSES[0] });
  });

  it("waits for a daemon that is away as long as it takes, but not for one that always fails", () => {
    const away = begun();
    for (let count = 0; count < 1000; count += 1) {
      away.take({ status: count % 2 ? 502 : 0 });
      expect(away.step.do).toBe("wait");
      away.waited();
    }
    const failing = begun();
    for (let count = 0; count < 8; count += 1) {
      failing.take({ status: 500, problem: new Problem("broken", "os-error", 500) });
      failing.waited();
      failing.take({ status: 200, offset: 0, length: 10 * MIB });
    }
    failing.take({ status: 500, problem: new Problem("broken", "os-error", 500) });
    expect(failing.step).toMatchObject({ do: "fail", why: { message: "broken" } });
  });

  it("goes on where the daemon says when its offset was another", () => {
    const upload = begun();
    upload.take({ status: 409, problem: new Problem("", "wrong-offset", 409) });
    expect(upload.step).toMatchObject({ do: "wait", seconds: 0 });
    upload.waited();
    upload.take({ status: 200, offset: 5 * MIB, length: 10 * MIB });
    expect(upload.step).toMatchObject({ do: "send", from: 5 * MIB });
  });

  it("that was whole when the daemon died is confirmed with an empty piece", () => {
    const upload = new Upload(MIB, MIB, "u7");
    expect(upload.step).toEqual({ do: "ask", url: "u7" });
    upload.take({ status: 200, offset: MIB, length: MIB });
    expect(upload.step).toEqual({ do: "send", url: "u7", from: MIB, to: MIB });
    upload.take(sent(MIB));
    expect(upload.step).toEqual({ do: "done" });
  });

  it("that the daemon knows no more begins anew, a few times", () => {
    const upload = new Upload(MIB, MIB, "gone");
    upload.take({ status: 404 });
    for (let count = 0; count < 2; count += 1) {
      expect(upload.step).toEqual({ do: "create" });
      upload.take({ status: 201, url: "u", offset: 0 });
      upload.take({ status: 410 });
    }
    upload.take({ status: 201, url: "u", offset: 0 });
    upload.take({ status: 404 });
    expect(upload.step.do).toBe("fail");
  });

  it("of another size than remembered begins anew", () => {
    const upload = new Upload(MIB, MIB, "u");
    upload.take({ status: 200, offset: 5, length: 7 });
    expect(upload.step).toEqual({ do: "create" });
  });

  it("is not tried again when it is refused: no space, too large, not permitted", () => {
    for (const status of [507, 413, 403, 400]) {
      const upload = begun();
      upload.take({ status, problem: new Problem("no", "kind", status) });
      expect(upload.step).toMatchObject({ do: "fail", why: { status } });
    }
  });

  it("waits as long as it is told when there is too much at once", () => {
    const upload = begun();
    upload.take({ status: 429, problem: new Problem("", "too-many-requests", 429, undefined, 30) });
    expect(upload.step).toMatchObject({ do: "wait", seconds: 30 });
  });

  it("that was broken off is asked for before it goes on", () => {
    const upload = begun();
    upload.interrupted();
    expect(upload.step).toEqual({ do: "ask", url: "u1" });
  });
});
