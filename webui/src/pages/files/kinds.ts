/** What a file is, as far as the page can do something with it: by what the daemon saw in it, and by its name. */

import type { IconName } from "../../parts/icon";
import type { Listed } from "./entries";

export type Kind = "folder" | "link" | "text" | "image" | "drawing" | "audio" | "video" | "archive" | "special" | "other";

const ENDINGS: readonly (readonly [RegExp, Kind])[] = [
  [/\.svg$/i, "drawing"],
  [/\.(?:avif|apng|bmp|gif|ico|jfif|jpe?g|png|webp)$/i, "image"],
  [/\.(?:aac|flac|m4a|mp3|oga|ogg|opus|wav|weba)$/i, "audio"],
  [/\.(?:m4v|mkv|mov|mp4|ogv|webm)$/i, "video"],
  [/\.(?:zip|jar|war|tar|tgz|tbz2?|txz|tzst|7z|gz|zst|xz|bz2)$/i, "archive"],
];

/** What can be taken apart; a jar is an archive too, but nobody means to. */
const EXTRACTED = /\.(?:zip|tar|tgz|tbz2?|txz|tzst|7z|gz|zst|xz|bz2)$/i;

/** Return what it is. */
export function kindOf(entry: Pick<Listed, "name" | "mimeType" | "folder">): Kind {
  const { mimeType: mime } = entry;
  if (mime === "inode/symlink") return "link";
  if (entry.folder) return "folder";
  if (mime.startsWith("inode/")) return "special";
  const byName = ENDINGS.find(([ending]) => ending.test(entry.name))?.[1];
  if (byName === "drawing") return mime.startsWith("text/") ? "drawing" : "other";
  // A text that is called like a picture is a text all the same.
  if (mime.startsWith("text/")) return "text";
  if (mime.startsWith("image/")) return "image";
  if (mime.startsWith("audio/") && mime !== "audio/midi") return "audio";
  if (mime.startsWith("video/")) return byName === "audio" ? "audio" : "video";
  return byName ?? (mime.includes("zip") ? "archive" : "other");
}

/** Tell whether it can be taken apart. */
export function isExtractable(entry: Listed): boolean {
  return !entry.folder && !entry.mimeType.startsWith("inode/") && EXTRACTED.test(entry.name);
}

/** Tell whether the page can show it. */
export function isShown(kind: Kind): boolean {
  return ["text", "image", "drawing", "audio", "video"].includes(kind);
}

const ICONS: Readonly<Record<Kind, IconName>> = {
  folder: "folder",
  link: "link",
  text: "fileText",
  image: "image",
  drawing: "image",
  audio: "music",
  video: "film",
  archive: "archive",
  special: "terminal",
  other: "file",
};

/** Return its icon. */
export function iconOf(kind: Kind): IconName {
  return ICONS[kind];
}
