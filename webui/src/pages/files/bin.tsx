/** The trash: what was deleted, and the ways back. */

import { useState } from "preact/hooks";
import { may } from "../../api/account";
import { bytes } from "../../format";
import { Button } from "../../parts/button";
import { open, sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Empty, Load, useLoad } from "../../parts/load";
import { Menu } from "../../parts/menu";
import { Ago } from "../../parts/time";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { purge, restore, type Trashed, trashed } from "./operate";
import { folderHash, join, parentOf, plain } from "./paths";
import { Picker } from "./picker";
import { touch } from "./touched";

const b = t.files.bin;

/** How many are shown. */
const SHOWN = 500;

/** Draw it; `path` is the folder to go back to. */
export function Bin({ server, path }: { server: string; path: string }) {
  const listing = useLoad((signal) => trashed(server, signal), [server]);
  const [filter, setFilter] = useState("");
  const modify = may("server.files.modify", server);
  const all = listing.data ?? [];
  const fitting = all.filter((one) => one.path.toLowerCase().includes(filter.toLowerCase()));
  const empty = async () => {
    if (!(await sure({ title: b.emptyTitle, text: b.emptyText(all.length), action: b.empty, danger: true }))) return;
    await purge(server);
    await listing.reload();
    tell({ kind: "good", text: b.emptied });
  };
  return (
    <>
      <div class="files-tools">
        <h2 class="grow">{b.title}</h2>
        <div class="files-actions">
          {all.length > 0 && (
            <input
              class="files-filter"
              type="search"
              aria-label={t.files.filter}
              placeholder={t.files.filter}
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          )}
          <Button kind="quiet" icon="refresh" label={t.files.refresh} onClick={listing.reload} />
          {modify && all.length > 0 && (
            <Button icon="trash" onClick={empty}>
              {b.empty}
            </Button>
          )}
          <a class="button" href={folderHash(server, path)}>
            <Icon name="folder" />
            <span>{b.back}</span>
          </a>
        </div>
      </div>
      <Load of={listing}>
        {() =>
          all.length === 0 ? (
            <Empty icon="trash" text={b.none} />
          ) : (
            <ul class="bin" aria-label={b.list}>
              {fitting.slice(0, SHOWN).map((one) => (
                <Item key={one.id} server={server} one={one} modify={modify} reload={listing.reload} />
              ))}
              {fitting.length > SHOWN && <li class="dim">{b.shown(SHOWN, fitting.length)}</li>}
            </ul>
          )
        }
      </Load>
    </>
  );
}

interface ItemProps {
  server: string;
  one: Trashed;
  modify: boolean;
  reload: () => Promise<void>;
}

function Item({ server, one, modify, reload }: ItemProps) {
  const back = async (dest?: string) => {
    const path = plain(await restore(server, one.id, dest));
    touch(server, parentOf(path));
    tell({ kind: "good", text: b.restored(path) });
    await reload();
  };
  const elsewhere = () =>
    open((close) => (
      <Picker
        server={server}
        start={parentOf(plain(one.path))}
        title={t.files.picker.restore(one.name)}
        action={t.files.picker.restoreHere}
        onClose={close}
        onChosen={async (folder) => {
          await back(join(folder, one.name));
          close();
        }}
      />
    ));
  const forGood = async () => {
    const { gone } = t.files;
    if (!(await sure({ title: gone.title(1), text: gone.text(one.name, 1), action: gone.action, danger: true }))) return;
    await purge(server, one.id);
    await reload();
  };
  return (
    <li class="bin-item">
      <Icon name={one.folder ? "folder" : "file"} />
      <div class="grow">
        <div class="bin-name">{one.name}</div>
        <div class="dim bin-facts">
          <span class="mono">{one.path}</span>
          {one.size !== null && <span>{bytes(one.size)}</span>}
          <span>
            <Ago at={one.deletedAt} /> {t.jobs.by(one.deletedBy)}
          </span>
        </div>
      </div>
      {modify && (
        <>
          <Button small icon="undo" hint={`${b.restore}: ${one.name}`} onClick={() => back()}>
            {b.restore}
          </Button>
          <Menu
            small
            label={t.files.actionsOf(one.name)}
            items={[
              { label: b.restoreTo, icon: "folder", run: elsewhere },
              { label: b.purge, icon: "trash", danger: true, run: forGood },
            ]}
          />
        </>
      )}
    </li>
  );
}
