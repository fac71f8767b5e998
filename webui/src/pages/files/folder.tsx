/** A folder: what is in it, what is chosen, and what can be done. */

import { signal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { Empty, Fault, useLoad, Waiting } from "../../parts/load";
import { popUp } from "../../parts/popup";
import { tell } from "../../parts/toast";
import { go, place } from "../../route";
import { t } from "../../strings";
import { Bar } from "./bar";
import { type Here, itemsFor, placeOfEntry, rename, rights } from "./choices";
import { Crumbs } from "./crumbs";
import { type Entry, entriesOf, filtered, type Order, sorted } from "./entries";
import { commandOf } from "./keys";
import { listFolder } from "./listing";
import { clipboard, paste, take } from "./moving";
import { editorHash, folderHash, isInside, nameOf, namesOf, parentOf, join } from "./paths";
import { remembered } from "./preferences";
import { Preview } from "./preview";
import { remove } from "./removing";
import { all, clicked, kept, moved, none, NONE, type Selection, toggled, typed } from "./selection";
import { Table } from "./table";
import { Toolbar } from "./toolbar";
import { touched } from "./touched";
import type { RowActions } from "./row";

/** Milliseconds in which letters belong to one name. */
const TYPING = 900;

const order = remembered<Order>("holdfast.files.order", { by: "name", down: false });
const hidden = remembered<boolean>("holdfast.files.hidden", true);

/** The folder that was shown last, and whether the keyboard has led out of it. */
const before = signal<{ server: string; path: string; byKey: boolean } | null>(null);

/** Draw it. */
export function Folder({ server, path }: { server: string; path: string }) {
  const listing = useLoad((abort) => listFolder(server, path, abort), [server, path]);
  const [filter, setFilter] = useState("");
  const [selection, setSelection] = useState<Selection>(() => cameFrom(server, path));
  const [focusing, setFocusing] = useState(0);
  const byKey = useRef(before.value?.byKey === true);
  const typing = useRef({ text: "", at: 0 });
  const search = useRef<HTMLInputElement>(null);

  const entries = useMemo(() => entriesOf(listing.data ?? []), [listing.data]);
  const inOrder = useMemo(() => sorted(entries, order.value), [entries, order.value]);
  const shown = useMemo(() => filtered(inOrder, filter, hidden.value), [inOrder, filter, hidden.value]);
  const keys = useMemo(() => shown.map((one) => one.key), [shown]);
  const old = useRef<readonly string[]>(keys);
  const inside = useRef(false);
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    const gone = old.current;
    old.current = keys;
    if (listing.data === undefined) return;
    const found = wanted.current !== null && keys.includes(wanted.current) ? wanted.current : null;
    if (found !== null) wanted.current = null;
    setSelection((one) => (found === null ? kept(one, gone, keys) : clicked(one, keys, found, { shift: false, ctrl: false })));
    // A row that had the focus and is gone gives it to the next one, not to nobody.
    if (found !== null || (inside.current && document.activeElement === document.body)) setFocusing((count) => count + 1);
  }, [keys]);

  useEffect(() => {
    before.value = { server, path, byKey: false };
  }, [server, path]);
  useEffect(() => {
    // A link was followed that leads to a file.
    if (listing.problem?.kind === "not-a-folder" && path !== "") {
      go(folderHash(server, parentOf(path), { show: nameOf(path) }), true);
    }
  }, [listing.problem]);
  useSignalEffect(() => {
    const what = touched.value;
    if (what !== null && what.server === server && what.folders.has(path)) void listing.reload();
  });

  const here: Here = { server, path, entries, select: (name) => void (wanted.current = name) };
  const can = rights(server, path);
  const chosen = entries.filter((one) => selection.chosen.has(one.key) && one.addressable);
  const names = chosen.map((one) => one.name);
  const folders = chosen.filter((one) => one.folder && !one.link).map((one) => one.name);

  const follow = (to: string) => {
    before.value = { server, path, byKey: true };
    go(to);
  };
  const moveTo = (next: Selection) => {
    setSelection(next);
    setFocusing((count) => count + 1);
  };
  const type = (text: string) => {
    const now = Date.now();
    const whole = now - typing.current.at < TYPING ? typing.current.text + text : text;
    typing.current = { text: whole, at: now };
    const at = typed(shown.map((one) => one.name), selection.focus === null ? -1 : keys.indexOf(selection.focus), whole);
    const key = keys[at];
    if (key !== undefined) moveTo(clicked(selection, keys, key, { shift: false, ctrl: false }));
  };
  const fail = (thrown: unknown) => tell(problemOf(thrown));

  const onKey = (event: KeyboardEvent, page: number) => {
    const target = event.target as HTMLElement;
    const onRow = target.getAttribute("role") === "row";
    if (!onRow && (target.matches("input, [role=columnheader] *") || [" ", "Enter"].includes(event.key))) return;
    const command = commandOf(event, page, Date.now() - typing.current.at < TYPING);
    if (command === null) return;
    // Any other key ends the name that was being typed.
    if (command.do !== "type") typing.current = { text: "", at: 0 };
    const focus = shown.find((one) => one.key === selection.focus);
    switch (command.do) {
      case "move":
        moveTo(moved(selection, keys, command.by, command.held));
        break;
      case "type":
        type(command.text);
        break;
      case "open":
        if (focus?.addressable && (focus.folder || can.download)) follow(placeOfEntry(here, focus));
        break;
      case "edit":
        if (focus?.addressable && !focus.folder && can.download) go(editorHash(server, join(path, focus.name)));
        break;
      case "up":
        if (path !== "") follow(folderHash(server, parentOf(path)));
        break;
      case "toggle":
        if (selection.focus !== null) setSelection(toggled(selection, selection.focus));
        break;
      case "all":
        setSelection(all(selection, keys));
        break;
      case "none":
        if (filter !== "" && selection.chosen.size === 0) setFilter("");
        setSelection(none(selection));
        break;
      case "filter":
        search.current?.focus();
        break;
      case "rename":
        if (focus?.addressable && can.modify) rename(here, focus);
        break;
      case "remove":
        if (can.modify) remove(server, path, names, command.forGood).catch(fail);
        break;
      case "cut":
      case "copy":
        // A text that is selected is what the person wants to copy.
        if (!can.modify || String(getSelection()) !== "") return;
        take(server, path, names, command.do === "cut", folders);
        break;
      case "paste":
        if (clipboard.value?.server !== server || !can.modify) return;
        paste(server, path).catch(fail);
        break;
      case "menu": {
        const { left, top, bottom } = target.getBoundingClientRect();
        popUp(t.files.actionsChosen, itemsFor(here, chosen), left + 60, bottom, top);
        break;
      }
    }
    event.preventDefault();
  };

  // Rows are drawn anew only if they are different: what they do must be the same object, and know what is new.
  const latest = useRef({ here, selection, keys });
  latest.current = { here, selection, keys };
  const actions = useMemo(
    (): RowActions => ({
      href: (entry) => placeOfEntry({ server, path }, entry),
      open: (entry) => {
        if (entry.addressable) go(placeOfEntry({ server, path }, entry));
      },
      click: (entry, held) => moveTo(clicked(latest.current.selection, latest.current.keys, entry.key, held)),
      toggle: (entry) => {
        if (entry.addressable) setSelection((one) => toggled(one, entry.key));
      },
      menu: (entry, x, y, above) => menuOf(latest.current, entry, [x, y, above], setSelection),
    }),
    [server, path],
  );

  if (listing.problem && listing.data === undefined) {
    return (
      <>
        <Crumbs path={path} server={server} />
        <Fault problem={listing.problem} again={listing.reload} />
      </>
    );
  }
  const show = place.value.query.get("show");
  const label = t.files.list(namesOf(path).join("/") || server);
  return (
    <>
      <Toolbar
        here={here}
        filter={filter}
        onFilter={setFilter}
        filterBox={search}
        hidden={hidden.value}
        onHidden={(is) => void (hidden.value = is)}
        reload={listing.reload}
        loading={listing.loading}
        onAll={() => setSelection(all(selection, keys))}
      />
      {listing.problem && <Fault problem={listing.problem} again={listing.reload} />}
      <Bar here={here} chosen={chosen} shown={shown.length} onNone={() => setSelection(none(selection))} />
      {listing.data === undefined ? (
        <Waiting />
      ) : shown.length === 0 ? (
        <Nothing
          label={label}
          onKey={onKey}
          empty={entries.length === 0}
          hidden={filter === "" && entries.length > 0}
          mayUpload={can.upload}
        />
      ) : (
        <Table
          label={label}
          entries={shown}
          selection={selection}
          order={order.value}
          onOrder={(by) => void (order.value = { by, down: order.value.by === by ? !order.value.down : by !== "name" })}
          onAll={(is) => setSelection(is ? all(selection, keys) : none(selection))}
          onKey={onKey}
          focusing={focusing}
          focusFirst={byKey.current}
          onFocus={(is) => void (inside.current = is)}
          actions={actions}
        />
      )}
      {show !== null && listing.data !== undefined && <Preview here={here} shown={shown} name={show} />}
    </>
  );
}

interface NothingProps {
  label: string;
  onKey: (event: KeyboardEvent, page: number) => void;
  empty: boolean;
  hidden: boolean;
  mayUpload: boolean;
}

/** In place of the list: keys work here, too. */
function Nothing({ label, onKey, empty, hidden: allHidden, mayUpload }: NothingProps) {
  const self = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) self.current?.focus();
  }, []);
  const text = empty ? t.files.none : allHidden ? t.files.allHidden : t.files.noneFit;
  return (
    <div ref={self} class="files-none" role="group" aria-label={label} tabIndex={0} onKeyDown={(event) => onKey(event, 1)}>
      <Empty icon="folder" text={text}>
        {empty && mayUpload && <p>{t.files.noneHint}</p>}
      </Empty>
    </div>
  );
}

interface Latest {
  here: Here;
  selection: Selection;
  keys: readonly string[];
}

/** The menu is about all that is chosen, if the row is among it; else about the row alone. */
function menuOf(latest: Latest, entry: Entry, at: [number, number, number | undefined], set: (one: Selection) => void): void {
  const { here, selection, keys } = latest;
  if (!entry.addressable) return;
  let chosen = here.entries.filter((one) => selection.chosen.has(one.key) && one.addressable);
  if (!chosen.includes(entry)) {
    chosen = [entry];
    set(clicked(selection, keys, entry.key, { shift: false, ctrl: false }));
  }
  popUp(chosen.length === 1 ? t.files.actionsOf(entry.name) : t.files.actionsChosen, itemsFor(here, chosen), ...at);
}

/** Who goes up finds the folder that he comes from. */
function cameFrom(server: string, path: string): Selection {
  const from = before.value;
  if (from === null || from.server !== server || from.path === path || !isInside(from.path, path)) return NONE;
  const key = namesOf(from.path)[namesOf(path).length] ?? null;
  return { chosen: new Set(), focus: key, anchor: key };
}
