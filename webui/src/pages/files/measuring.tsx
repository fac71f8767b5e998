/** How much is in a folder: asked for when wanted, since it is work. */

import { bytes } from "../../format";
import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { Fault, useLoad, Waiting } from "../../parts/load";
import { t } from "../../strings";
import { measure } from "./listing";
import { nameOf } from "./paths";

const w = t.files.work;

/** Count a folder, and show what was found; it ends when the dialog is closed. */
export function measureFolder(server: string, path: string): void {
  open((close) => <Measured server={server} path={path} close={close} />);
}

function Measured({ server, path, close }: { server: string; path: string; close: () => void }) {
  const found = useLoad((signal) => measure(server, path, signal), [server, path]);
  return (
    <Dialog title={w.sizeOf(nameOf(path) || server)} onClose={close} actions={<Button onClick={close}>{t.close}</Button>}>
      {found.problem && <Fault problem={found.problem} again={found.reload} />}
      {found.loading && <Waiting label={w.measuring} />}
      {found.data && (
        <>
          <dl class="facts">
            <dt>{w.sizeBytes}</dt>
            <dd>{bytes(found.data.size)}</dd>
            <dt>{w.sizeDisk}</dt>
            <dd>{bytes(found.data.onDisk)}</dd>
            <dt>{w.sizeFiles}</dt>
            <dd>{found.data.files.toLocaleString()}</dd>
            <dt>{w.sizeFolders}</dt>
            <dd>{found.data.folders.toLocaleString()}</dd>
          </dl>
          {found.data.unread > 0 && <p class="warn">{w.unread(found.data.unread)}</p>}
        </>
      )}
    </Dialog>
  );
}
