/** Where one is, and what can be done there. */

import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { Button } from "../../parts/button";
import { Menu } from "../../parts/menu";
import { go } from "../../route";
import { t } from "../../strings";
import { type Here, rights } from "./choices";
import { Crumbs } from "./crumbs";
import { measureFolder } from "./measuring";
import { clipboard, paste } from "./moving";
import { askName } from "./naming";
import { makeFile, makeFolder } from "./operate";
import { folderHash, join } from "./paths";
import { touch } from "./touched";
import { chosen } from "./upload/dropped";
import { upload } from "./upload/transfers";

const f = t.files;

interface ToolbarProps {
  here: Here;
  filter: string;
  onFilter: (text: string) => void;
  filterBox: RefObject<HTMLInputElement | null>;
  hidden: boolean;
  onHidden: (hidden: boolean) => void;
  reload: () => Promise<void>;
  loading: boolean;
  onAll: () => void;
}

/** Draw it. */
export function Toolbar(props: ToolbarProps) {
  const { here, filter, hidden } = props;
  const { server, path, entries } = here;
  const can = rights(server, path);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const taken = new Set(entries.map((one) => one.name));
  const put = (input: HTMLInputElement) => {
    void upload(server, path, chosen([...(input.files ?? [])]));
    input.value = ""; // the same file may be chosen again
  };
  const copied = clipboard.value?.server === server ? clipboard.value : null;
  const made = (make: typeof makeFile) => async (name: string) => {
    await make(server, join(path, name));
    here.select(name);
    touch(server, path);
  };
  return (
    <div class="files-tools">
      <Crumbs path={path} server={server} />
      <div class="files-actions">
        <input
          ref={props.filterBox}
          class="files-filter"
          type="search"
          aria-label={f.filterHere}
          placeholder={f.filter}
          value={filter}
          onInput={(event) => props.onFilter(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" && event.key !== "ArrowDown" && event.key !== "Enter") return;
            event.preventDefault();
            if (event.key === "Escape") props.onFilter("");
            const row = event.currentTarget.closest(".files")?.querySelector<HTMLElement>('.files-row[tabindex="0"]');
            if (event.key !== "Escape") row?.focus();
          }}
        />
        <Button kind="quiet" icon="search" label={f.find} onClick={() => go(folderHash(server, path, { find: "" }))} />
        <Button kind="quiet" icon="refresh" label={f.refresh} busy={props.loading} onClick={() => void props.reload()} />
        <Menu
          label={f.uploads}
          icon="upload"
          text={f.uploads}
          items={[
            can.upload && { label: f.uploadFiles, icon: "file", run: () => files.current?.click() },
            can.upload && { label: f.uploadFolder, icon: "folder", run: () => folder.current?.click() },
          ]}
        />
        <Menu
          label={f.make}
          icon="plus"
          text={f.make}
          items={[
            can.upload && {
              label: f.newFile,
              icon: "file",
              run: () => askName({ title: f.naming.file, action: f.naming.make, taken, run: made(makeFile) }),
            },
            can.create && {
              label: f.newFolder,
              icon: "folderPlus",
              run: () => askName({ title: f.naming.folder, action: f.naming.make, taken, run: made(makeFolder) }),
            },
          ]}
        />
        <Menu
          label={t.more}
          items={[
            can.modify &&
              copied !== null && {
                label: f.pasteCount(copied.paths.length),
                icon: "paste",
                run: () => paste(server, path),
              },
            { label: f.chooseAll, icon: "check", run: props.onAll },
            { label: f.hidden, ...(hidden ? { icon: "check" as const } : {}), run: () => props.onHidden(!hidden) },
            { label: f.measure, icon: "info", run: () => measureFolder(server, path) },
            { label: f.trash, icon: "trash", run: () => go(folderHash(server, path, { view: "trash" })) },
          ]}
        />
      </div>
      <input ref={files} type="file" multiple hidden aria-label={f.uploadFiles} onChange={(event) => put(event.currentTarget)} />
      <input
        ref={(input) => {
          folder.current = input;
          if (input !== null) input.webkitdirectory = true;
        }}
        type="file"
        multiple
        hidden
        aria-label={f.uploadFolder}
        onChange={(event) => put(event.currentTarget)}
      />
    </div>
  );
}
