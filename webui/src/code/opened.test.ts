import { beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../api/problem";
import { type Bytes, Opened, type Place, type Version } from "./opened";

const bytes = (text: string) => new TextEncoder().encode(text) as Bytes;
const text = (version: Version | null | undefined) => version && new TextDecoder().decode(version.bytes);

/** A disk with one file. */
class Disk implements Place {
  at: Version | null = { bytes: bytes("old"), etag: "1" };
  count = 1;
  writes = 0;
  /** What happens when the next write has come, before it is answered. */
  losesAnswer = false;
  away = false;

  put(content: string): void {
    this.at = { bytes: bytes(content), etag: String((this.count += 1)) };
  }

  read = async () => this.#answer(this.at);
  look = async () => this.#answer(this.at?.etag ?? null);
  write = async (content: Bytes, over: string | null) => {
    this.#answer(null);
    if ((this.at?.etag ?? null) !== over) throw new Problem("not what it was", "modified", 412);
    this.writes += 1;
    this.put(new TextDecoder().decode(content));
    if (this.losesAnswer) throw new Problem("nobody answers", "unreachable");
    return this.at as unknown as Version;
  };

  #answer<T>(answer: T): T {
    if (this.away) throw new Problem("nobody answers", "unreachable");
    return answer;
  }
}

let disk: Disk;
let opened: Opened;
beforeEach(() => {
  disk = new Disk();
  opened = new Opened(disk, disk.at);
});

describe("saving", () => {
  it("replaces what was seen, again and again", async () => {
    expect(await opened.save(bytes("new"))).toBe(true);
    expect(await opened.save(bytes("newer"))).toBe(true);
    expect(text(disk.at)).toBe("newer");
    expect(opened.phase.value).toEqual({ is: "open" });
  });

  it("never replaces what somebody else wrote", async () => {
    disk.put("theirs");
    expect(await opened.save(bytes("mine"))).toBe(false);
    expect(text(disk.at)).toBe("theirs");
    expect(opened.phase.value).toMatchObject({ is: "conflict", theirs: { etag: "2" }, refused: true });
  });

  it("goes on from theirs once it was seen, and meets the next change as well", async () => {
    disk.put("theirs");
    await opened.save(bytes("mine"));
    opened.adopt(disk.at);
    disk.put("theirs again");
    expect(await opened.save(bytes("merged"))).toBe(false);
    expect(opened.phase.value).toMatchObject({ is: "conflict", theirs: { etag: "3" } });
    opened.adopt(disk.at);
    expect(await opened.save(bytes("merged"))).toBe(true);
    expect(text(disk.at)).toBe("merged");
  });

  it("knows that a write was done whose answer got lost", async () => {
    disk.losesAnswer = true;
    await expect(opened.save(bytes("new"))).rejects.toThrow("nobody answers");
    expect(opened.phase.value).toEqual({ is: "open" });
    disk.losesAnswer = false;
    expect(await opened.save(bytes("new"))).toBe(true);
    expect(disk.writes).toBe(1);
    expect(await opened.save(bytes("newer"))).toBe(true);
  });

  it("does not mind that a file was touched", async () => {
    disk.put("old");
    expect(await opened.save(bytes("new"))).toBe(true);
    expect(text(disk.at)).toBe("new");
  });

  it("tells that the file is there no more, and makes it anew if that is wanted", async () => {
    disk.at = null;
    expect(await opened.save(bytes("new"))).toBe(false);
    expect(opened.phase.value).toEqual({ is: "gone", refused: true });
    opened.adopt(null);
    expect(await opened.save(bytes("new"))).toBe(true);
    expect(text(disk.at)).toBe("new");
  });

  it("does not replace a file that appeared where a new one was to be", async () => {
    opened = new Opened(disk, null);
    expect(await opened.save(bytes("new"))).toBe(false);
    expect(opened.phase.value).toMatchObject({ is: "conflict" });
  });

  it("is as before if nobody answers, and can be tried again", async () => {
    disk.away = true;
    await expect(opened.save(bytes("new"))).rejects.toThrow("nobody answers");
    disk.away = false;
    expect(await opened.save(bytes("new"))).toBe(true);
  });

  it("happens once at a time", async () => {
    const first = opened.save(bytes("one"));
    expect(await opened.save(bytes("two"))).toBe(false);
    expect(await first).toBe(true);
    expect(text(disk.at)).toBe("one");
  });
});

describe("looking", () => {
  it("finds nothing when nothing has changed, or nobody answers", async () => {
    await opened.look();
    expect(opened.phase.value).toEqual({ is: "open" });
    disk.put("theirs");
    disk.away = true;
    await opened.look();
    expect(opened.phase.value).toEqual({ is: "open" });
  });

  it("finds what somebody else wrote, or removed", async () => {
    disk.put("theirs");
    await opened.look();
    expect(opened.phase.value).toMatchObject({ is: "conflict", refused: false });
    opened.adopt(disk.at);
    disk.at = null;
    await opened.look();
    expect(opened.phase.value).toEqual({ is: "gone", refused: false });
  });

  it("goes on from a file that was touched", async () => {
    disk.put("old");
    await opened.look();
    expect(opened.phase.value).toEqual({ is: "open" });
    expect(opened.base.value?.etag).toBe("2");
  });
});
