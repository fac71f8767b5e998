import { expect, it } from "vitest";
import { isExtractable, kindOf } from "./kinds";

const kind = (name: string, mimeType: string, folder = false) => kindOf({ name, mimeType, folder });

it("what the daemon saw in a file counts before its name", () => {
  expect(kind("a.png", "text/plain; charset=utf-8")).toBe("text");
  expect(kind("a", "image/png")).toBe("image");
  expect(kind("a.avif", "application/octet-stream")).toBe("image");
  expect(kind("a.svg", "text/xml; charset=utf-8")).toBe("drawing");
  expect(kind("a.mp3", "application/octet-stream")).toBe("audio");
  expect(kind("a.ogg", "application/ogg")).toBe("audio");
  expect(kind("a.ogv", "application/ogg")).toBe("video");
  expect(kind("a.zip", "application/zip")).toBe("archive");
  expect(kind("a", "inode/fifo")).toBe("special");
  expect(kind("a", "inode/symlink", true)).toBe("link");
  expect(kind("a.png", "", true)).toBe("folder");
});

it("archives can be taken apart, but no folder that is called like one", () => {
  const entry = (name: string, folder = false) => ({ name, folder, size: 1, mimeType: "", lastModified: 0 });
  expect(isExtractable(entry("a.tar.zst"))).toBe(true);
  expect(isExtractable(entry("a.zip", true))).toBe(false);
  expect(isExtractable(entry("a.txt"))).toBe(false);
});
