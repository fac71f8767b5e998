/** What is chosen, and the usual things to do with it; on a phone at the lower edge, where the thumb is. */

import { bytes } from "../../format";
import { Button } from "../../parts/button";
import { popUp } from "../../parts/popup";
import { t } from "../../strings";
import { askPack } from "./archives";
import { type Here, itemsFor, rights } from "./choices";
import { download } from "./downloading";
import type { Entry } from "./entries";
import { ask } from "./moving";
import { remove } from "./removing";

const f = t.files;

/** Draw it; its height is the same whether something is chosen or not. */
export function Bar({ here, chosen, shown, onNone }: { here: Here; chosen: readonly Entry[]; shown: number; onNone: () => void }) {
  const { server, path, entries } = here;
  const count = chosen.length;
  const can = rights(server, path);
  const names = chosen.map((one) => one.name);
  const folders = chosen.filter((one) => one.folder && !one.link).map((one) => one.name);
  const size = chosen.reduce((sum, one) => sum + (one.folder ? 0 : one.size), 0);
  const told = count === 0 ? (shown === entries.length ? f.count(shown) : f.of(shown, entries.length)) : countOf(count, size);
  return (
    <div class="files-bar-place">
      <div class={count > 0 ? "files-bar chosen" : "files-bar"}>
        <span class="grow clip" role="status">
          {told}
        </span>
        {count > 0 && (
          <>
            {can.download && (
              <Button small kind="quiet" icon="download" onClick={() => download(here, chosen, null)}>
                {f.download}
              </Button>
            )}
            {can.modify && (
              <>
                <Button small kind="quiet" icon="folderMove" onClick={() => ask(server, path, names, "mv", folders)}>
                  {f.move}
                </Button>
                <Button small kind="quiet" icon="copy" onClick={() => ask(server, path, names, "cp", folders)}>
                  {f.copyTo}
                </Button>
              </>
            )}
            {can.compress && (
              <Button
                small
                kind="quiet"
                icon="archive"
                onClick={() => askPack({ server, folder: path, names, taken: new Set(entries.map((one) => one.name)) })}
              >
                {f.archive}
              </Button>
            )}
            {can.modify && (
              <Button small kind="quiet" icon="trash" onClick={() => remove(server, path, names, false)}>
                {f.remove}
              </Button>
            )}
            {itemsFor(here, chosen).length > 0 && (
              <Button
                small
                kind="quiet"
                icon="more"
                label={f.actionsChosen}
                onClick={(event) => {
                  const { left, top, bottom } = (event.currentTarget as Element).getBoundingClientRect();
                  popUp(f.actionsChosen, itemsFor(here, chosen), left, bottom, top);
                }}
              />
            )}
            <Button small kind="quiet" icon="x" label={f.chooseNone} onClick={onNone} />
          </>
        )}
      </div>
    </div>
  );
}

function countOf(count: number, size: number): string {
  return size > 0 ? f.chosenSize(count, bytes(size)) : f.chosen(count);
}
