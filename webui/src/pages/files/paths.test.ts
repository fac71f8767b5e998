// @vitest-environment happy-dom
// @vitest-environment-options { "url": "http://127.0.0.1/" }
import { describe, expect, it } from "vitest";
import { placeOf } from "../../route";
import { another, editorHash, fileUrl, folderHash, isInside, join, nameOf, parentOf, plain, visible, wrongIn } from "./paths";

const ODD = ["a b", "50%", "#1", "what?", "o'neil \"x\"", "two\nlines", "ünï ☃ 🎈", "a&b=c", "..x", "\\", "%2F"];

describe("paths", () => {
  it("are joined and taken apart", () => {
    expect(join("", "a")).toBe("a");
    expect(join("a/b", "c")).toBe("a/b/c");
    expect(parentOf("a/b/c")).toBe("a/b");
    expect(parentOf("a")).toBe("");
    expect(parentOf("")).toBe("");
    expect(nameOf("a/b")).toBe("b");
    expect(plain("/a//b/")).toBe("a/b");
    expect(plain("./a")).toBe("a");
  });

  it("know what is inside of what", () => {
    expect(isInside("a/b", "a")).toBe(true);
    expect(isInside("ab", "a")).toBe(false);
    expect(isInside("a", "a")).toBe(true);
    expect(isInside("a", "")).toBe(true);
  });

  it.each(ODD)("lead to the same name by a link: %j", (name) => {
    expect(placeOf(folderHash("my srv", join("x", name))).parts).toEqual(["server", "my srv", "files", "x", name]);
    expect(placeOf(editorHash("s", name, 7)).parts.at(-1)).toBe(name);
    expect(placeOf(editorHash("s", name, 7)).query.get("line")).toBe("7");
    expect(new URL(fileUrl("s", join("d", name))).searchParams.get("path")).toBe(`/d/${name}`);
  });
});

describe("names", () => {
  it("are numbered before their ending", () => {
    const free = () => false;
    expect(another("notes.txt", false, free)).toBe("notes (2).txt");
    expect(another("a.tar.gz", false, free)).toBe("a (2).tar.gz");
    expect(another(".env", false, free)).toBe(".env (2)");
    expect(another("v1.2", true, free)).toBe("v1.2 (2)");
    expect(another("notes (2).txt", false, free)).toBe("notes (3).txt");
    expect(another("a", false, (name) => name === "a (2)" || name === "a (3)")).toBe("a (4)");
  });

  it("are shown in one line", () => {
    expect(visible("two\nlines\t\x7f")).toBe("two␊lines␉␡");
    expect(visible("rtl\u202egpj.exe")).toBe("rtl<U+202E>gpj.exe");
    expect(visible("a b ü")).toBe("a b ü");
  });

  it("are refused for what they are", () => {
    expect(wrongIn("")).toBe("empty");
    expect(wrongIn("..")).toBe("dots");
    expect(wrongIn("a/b")).toBe("slash");
    expect(wrongIn(".holdfast-x")).toBe("ours");
    expect(wrongIn("ü".repeat(128))).toBe("long");
    expect(wrongIn("ü".repeat(127))).toBeNull();
    for (const name of ODD) expect(wrongIn(name)).toBeNull();
  });
});
