/** Uploads that were interrupted when a page was closed: the same file chosen again goes on where it was. */

import { useRef, useState } from "preact/hooks";
import { bytes } from "../../format";
import { Button } from "../../parts/button";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import { rights } from "./choices";
import { discard, memory } from "./upload/carry";
import { looked, transfers, upload } from "./upload/transfers";

const u = t.files.upload;

/** Draw them, if there are any for this server. */
export function Interrupted({ server }: { server: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [, again] = useState(0);
  void looked.value;
  const inQueue = new Set(transfers.list(["waiting", "running", "paused", "asking", "failed"], 10_000).map((one) => one.url));
  const begun = memory.all().filter((one) => one.server === server && !inQueue.has(one.url));
  const [one] = begun;
  if (one === undefined || !rights(server, one.folder).upload) return null;
  return (
    <div class="notice files-begun">
      <Icon name="upload" />
      <span class="grow">
        {u.begun(one.name, bytes(one.size))} {begun.length > 1 && u.begunMore(begun.length - 1)}
      </span>
      <Button small onClick={() => input.current?.click()}>
        {u.choose}
      </Button>
      <Button small kind="quiet" onClick={() => discard(server, one.url).then(() => again((count) => count + 1))}>
        {u.forget}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={u.choose}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) void upload(server, one.folder, [{ folder: "", name: one.name, source: file, size: file.size }]);
        }}
      />
    </div>
  );
}
