/** Downloads: plain links with the cookie, so that the browser does what it does best. */

import { Problem } from "../../api/problem";
import { t } from "../../strings";
import type { Entry } from "./entries";
import { fileUrl, join } from "./paths";

/** Bytes of an address that proxies and the daemon take; with room for the rest of the head. */
const LONGEST = 30_000;

/** Download what is chosen in a folder: one file as it is, all else as an archive that is made while it is sent. */
export function download(
  here: { server: string; path: string; entries: readonly Entry[] },
  chosen: readonly Entry[],
  archive: "zip" | "tar.zst" | null,
): void {
  const { server, path } = here;
  const [one] = chosen;
  if (one === undefined) return;
  if (chosen.length === 1) {
    const kind = archive ?? (one.folder ? "zip" : undefined);
    follow(fileUrl(server, join(path, one.name), { archive: kind ?? undefined }), one.folder ? "" : one.name);
    return;
  }
  const url = new URL(fileUrl(server, path, { archive: archive ?? "zip" }));
  if (chosen.length < here.entries.length) for (const { name } of chosen) url.searchParams.append("name", name);
  if (url.href.length > LONGEST) throw new Problem(t.files.work.tooLong, "too-long");
  follow(url.href, "");
}

function follow(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
