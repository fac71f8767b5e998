// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { Problem } from "../api/problem";
import type { Bytes, Place, Version } from "./opened";
import { Session, textOf } from "./session";

const bytes = (text: string) => new TextEncoder().encode(text) as Bytes;
let at: Version | null;
const disk: Place = {
  read: async () => at,
  look: async () => at?.etag ?? null,
  write: async (content, over) => {
    if ((at?.etag ?? null) !== over) throw new Problem("other", "modified", 412);
    return (at = { bytes: content, etag: `${at?.etag ?? ""}+` });
  },
};
const put = (text: string) => void (at = { bytes: bytes(text), etag: `${at?.etag ?? ""}!` });
const content = () => new TextDecoder().decode(at?.bytes);
const open = () => new Session(disk, at, "me", "file");

beforeEach(() => {
  sessionStorage.clear();
  at = { bytes: bytes("a\r\nb\r\nc\r\nd\r\n"), etag: "1" };
});

it("is changed only while it differs from the disk", () => {
  const session = open();
  expect(session.dirty.value).toBe(false);
  session.changed(textOf("a\nb\nc\nD\n"));
  expect(session.dirty.value).toBe(true);
  session.changed(textOf("a\nb\nc\nd\n"));
  expect(session.dirty.value).toBe(false);
  session.reform({ ending: "lf", mark: false });
  expect(session.dirty.value).toBe(true);
});

it("saves with the line ends that were there", async () => {
  const session = open();
  session.changed(textOf("x\nb\n"));
  expect(await session.save()).toBe(true);
  expect(content()).toBe("x\r\nb\r\n");
  expect(session.dirty.value).toBe(false);
});

it("offers what was not saved when it is opened again, and forgets it when it is saved", async () => {
  const first = open();
  first.changed(textOf("typed\n"));
  first.flush();
  const second = open();
  expect(second.draft.value?.text).toBe("typed\n");
  second.restore();
  expect(second.doc.toString()).toBe("typed\n");
  expect(second.dirty.value).toBe(true);
  await second.save();
  expect(content()).toBe("typed\r\n");
  expect(open().draft.value).toBeNull();
});

it("does not write over a draft that nobody has decided about", () => {
  const first = open();
  first.changed(textOf("typed\n"));
  first.flush();
  const second = open();
  second.changed(textOf("other\n"));
  second.flush();
  expect(open().draft.value?.text).toBe("typed\n");
  second.discard();
  expect(open().draft.value?.text).toBe("other\n");
});

it("joins what was typed with what somebody else wrote", async () => {
  const session = open();
  session.changed(textOf("A\nb\nc\nd\n"));
  put("a\r\nb\r\nc\r\nD\r\n");
  expect(await session.save()).toBe(false);
  const phase = session.opened.phase.value;
  if (phase.is !== "conflict") throw new Error(phase.is);
  expect(session.join(phase.theirs)).toBe(true);
  expect(session.merging.value).toMatchObject({ conflicts: [] });
  session.joined(session.merging.value?.text ?? textOf(""));
  expect(await session.save()).toBe(true);
  expect(content()).toBe("A\r\nb\r\nc\r\nD\r\n");
});

it("shows what somebody else wrote if nothing was typed, and asks if something was", async () => {
  const session = open();
  put("new\n");
  expect(await session.look()).toBe(true);
  expect([session.doc.toString(), session.form.value.ending, session.dirty.value]).toEqual(["new\n", "lf", false]);
  session.changed(textOf("mine\n"));
  put("newer\n");
  expect(await session.look()).toBe(false);
  expect(session.doc.toString()).toBe("mine\n");
  expect(session.opened.phase.value).toMatchObject({ is: "conflict", refused: false });
});

it("does not join with what is no text", () => {
  expect(open().join({ bytes: new Uint8Array([0xff]) as Bytes, etag: "2" })).toBe(false);
});

it("can save a new file without a letter in it", async () => {
  at = null;
  const session = open();
  expect(session.dirty.value).toBe(true);
  expect(await session.save()).toBe(true);
  expect([content(), session.dirty.value]).toEqual(["", false]);
});

it("makes a file anew that is gone", async () => {
  const session = open();
  session.changed(textOf("mine\n"));
  at = null;
  expect(await session.save()).toBe(false);
  session.insist(null);
  expect(session.dirty.value).toBe(true);
  expect(await session.save()).toBe(true);
  expect(content()).toBe("mine\r\n");
});
