/** Choosing a folder of a server, by walking through them. */

import { useMemo, useState } from "preact/hooks";
import { may } from "../../api/account";
import { problemOf } from "../../api/problem";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Load, useLoad } from "../../parts/load";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { Crumbs } from "./crumbs";
import { entriesOf, filtered, sorted } from "./entries";
import { listFolder } from "./listing";
import { askName } from "./naming";
import { makeFolder } from "./operate";
import { join, parentOf } from "./paths";
import { touch } from "./touched";

const p = t.files.picker;

/** How many folders are shown at once. */
const SHOWN = 300;

export interface PickerProps {
  server: string;
  /** The folder where it begins. */
  start: string;
  title: string;
  action: string;
  /** Says why a folder cannot be chosen, if it cannot. */
  wrong?: (path: string) => string | undefined;
  onClose: () => void;
  onChosen: (path: string) => Promise<void> | void;
}

/** Draw it. */
export function Picker({ server, start, title, action, wrong, onClose, onChosen }: PickerProps) {
  const [path, setPath] = useState(start);
  const [filter, setFilter] = useState("");
  const listing = useLoad((signal) => listFolder(server, path, signal), [server, path]);
  const folders = useMemo(() => {
    const all = entriesOf(listing.data ?? []).filter((one) => one.folder && one.addressable);
    return sorted(filtered(all, filter, true), { by: "name", down: false });
  }, [listing.data, filter]);
  const why = wrong?.(path);
  const go = (to: string) => {
    setFilter("");
    setPath(to);
  };
  const make = () =>
    askName({
      title: t.files.naming.folder,
      action: t.files.naming.make,
      taken: new Set(listing.data?.map((one) => one.name)),
      run: async (name) => {
        await makeFolder(server, join(path, name));
        touch(server, path);
        go(join(path, name));
      },
    });
  const choose = () => Promise.resolve(onChosen(path)).catch((thrown: unknown) => tell(problemOf(thrown)));
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          {may("server.files.createFolder", server) && (
            <Button icon="folderPlus" onClick={make}>
              {t.files.newFolder}
            </Button>
          )}
          <span class="grow" />
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button kind="primary" disabled={why !== undefined || listing.data === undefined} hint={why} onClick={choose}>
            {action}
          </Button>
        </>
      }
    >
      <Crumbs path={path} onGo={go} />
      <input
        type="search"
        aria-label={t.files.filterHere}
        placeholder={t.files.filter}
        value={filter}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      <Load of={listing}>
        {() => (
          <ul class="picker" aria-label={p.folders}>
            {path !== "" && (
              <li>
                <button type="button" onClick={() => go(parentOf(path))}>
                  <Icon name="chevronUp" />
                  <span>{t.files.up}</span>
                </button>
              </li>
            )}
            {folders.slice(0, SHOWN).map((one) => (
              <li key={one.key}>
                <button type="button" onClick={() => go(join(path, one.name))}>
                  <Icon name={one.link ? "link" : "folder"} />
                  <span class="clip">{one.name}</span>
                </button>
              </li>
            ))}
            {folders.length > SHOWN && <li class="dim">{p.more(folders.length - SHOWN)}</li>}
            {folders.length === 0 && <li class="dim">{p.none}</li>}
          </ul>
        )}
      </Load>
      <p class="hint" role="status">
        {why ?? ""}
      </p>
    </Dialog>
  );
}
