/** The list of servers, live: how they are, why, and what can be done with them. */

import "./servers.css";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { may, maySomewhere } from "../../api/account";
import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { Chunks } from "../../parts/chunks";
import { Icon } from "../../parts/icon";
import { Empty, Waiting } from "../../parts/load";
import { now } from "../../parts/time";
import { hashOf } from "../../route";
import { actOnAll } from "../../servers/acting";
import { counts, filter, hold, order, orderBy, rearrange, select, selected, selection, show, shownNames } from "../../servers/list";
import { SHOWS, type Sort } from "../../servers/order";
import { t } from "../../strings";
import { Row } from "./row";

/** Seconds after which rows that are ordered by what they use go to where they belong by now. */
const REORDER = 6;

/** Draw it. */
export function Servers() {
  useSignalEffect(() => {
    if (Math.floor(now.value) % REORDER === 0) rearrange();
  });
  if (store.names.value === null) return <Waiting />;
  return (
    <>
      <Title />
      {store.names.value.length === 0 ? <Nothing /> : <List />}
    </>
  );
}

function Title() {
  const { up, all, crashed } = counts.value;
  return (
    <div class="title">
      <h1>{t.servers.title}</h1>
      {all > 0 && (
        <span class="dim">
          {t.servers.counts(up, all)}
          {crashed > 0 && <strong class="bad"> · {t.servers.crashed(crashed)}</strong>}
        </span>
      )}
    </div>
  );
}

function Nothing() {
  return (
    <Empty icon="server" text={t.servers.none}>
      {may("config.view") && <p>{t.servers.noneHint}</p>}
      {may("config.view") && <a href={hashOf(["config"])}>{t.servers.openConfig}</a>}
    </Empty>
  );
}

function List() {
  const names = shownNames.value;
  const clear = () => {
    filter.value = "";
    show.value = "all";
  };
  return (
    <div class="servers">
      <Filters />
      <Selection />
      {names.length === 0 ? (
        <Empty icon="search" text={t.servers.noneFound}>
          <Button onClick={clear}>{t.servers.clear}</Button>
        </Empty>
      ) : (
        <Table names={names} />
      )}
    </div>
  );
}

function Table({ names }: { names: readonly string[] }) {
  // A pointer does not leave what is gone.
  useEffect(() => () => hold(false), []);
  return (
    <div
      role="table"
      class="server-table"
      aria-label={t.servers.list}
      aria-rowcount={names.length + 1}
      onPointerEnter={(event) => event.pointerType === "mouse" && hold(true)}
      onPointerLeave={() => hold(false)}
    >
      <Head names={names} />
      <Chunks items={names} height={57}>
        {(name, at) => <Row key={name} name={name} at={at + 2} />}
      </Chunks>
    </div>
  );
}

function Filters() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const typing = target.closest("input:not([type='checkbox']), textarea, select, [contenteditable], dialog") !== null;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  return (
    <div class="row filters">
      <input
        ref={field}
        type="search"
        class="filter"
        value={filter.value}
        placeholder={t.servers.filter}
        aria-label={t.servers.filter}
        aria-keyshortcuts="/"
        title={t.servers.filterHint}
        spellcheck={false}
        onInput={(event) => void (filter.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") filter.value = "";
        }}
      />
      <div class="shows" role="group" aria-label={t.servers.show}>
        {SHOWS.map((one) => (
          <Button key={one} small kind="quiet" pressed={show.value === one} onClick={() => void (show.value = one)}>
            {t.servers.shows[one]} <span class="count">{counts.value[one].toLocaleString()}</span>
          </Button>
        ))}
      </div>
      <Sorting />
    </div>
  );
}

const COLUMNS: readonly (readonly [Sort, string])[] = [
  ["name", t.servers.name],
  ["state", t.servers.state],
  ["cpu", t.servers.cpu],
  ["memory", t.servers.memory],
];

/** The same as the heads of the columns, where there are none. */
function Sorting() {
  const { by, down } = order.value;
  return (
    <div class="row tight sorting">
      <select
        value={by}
        aria-label={t.servers.sortBy}
        onChange={(event) => orderBy(event.currentTarget.value as Sort)}
      >
        {COLUMNS.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
      <Button
        icon={down ? "chevronDown" : "chevronUp"}
        label={t.servers.descending}
        pressed={down}
        onClick={() => orderBy(by)}
      />
    </div>
  );
}

function Head({ names }: { names: readonly string[] }) {
  const all = names.every((name) => selected.value.has(name));
  const some = !all && names.some((name) => selected.value.has(name));
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some;
  }, [some]);
  const { by, down } = order.value;
  const head = (sort: Sort, text: string, at: string) => (
    <div role="columnheader" class={at} aria-sort={by === sort ? (down ? "descending" : "ascending") : undefined}>
      <button type="button" onClick={() => orderBy(sort)}>
        {text}
        {by === sort && <Icon name={down ? "chevronDown" : "chevronUp"} />}
      </button>
    </div>
  );
  return (
    <div role="rowgroup" class="heads">
      <div role="row" class="server head" aria-rowindex={1}>
        <div role="columnheader" class="pick">
          {maySomewhere("server.control") && (
            <input
              ref={box}
              type="checkbox"
              checked={all}
              aria-label={t.servers.selectAll}
              onChange={(event) => select(names, event.currentTarget.checked)}
            />
          )}
        </div>
        {head("name", t.servers.name, "who")}
        {head("state", t.servers.state, "how")}
        <div role="columnheader" class="up">
          {t.servers.uptime}
        </div>
        {head("cpu", t.servers.cpu, "cpu")}
        {head("memory", t.servers.memory, "memory")}
        <div role="columnheader" class="acts">
          <span class="hidden">{t.servers.actions}</span>
        </div>
      </div>
    </div>
  );
}

function Selection() {
  const names = selection.value;
  if (names.length === 0) return null;
  return (
    <div class="row selection" role="toolbar" aria-label={t.servers.selected(names.length)}>
      <strong class="grow">{t.servers.selected(names.length)}</strong>
      <Button class="picks-all" kind="quiet" onClick={() => select(shownNames.value, true)}>
        {t.servers.selectShown}
      </Button>
      <Button icon="play" onClick={() => actOnAll(names, "start")}>
        {t.servers.start}
      </Button>
      <Button icon="stop" onClick={() => actOnAll(names, "stop")}>
        {t.servers.stop}
      </Button>
      <Button icon="restart" onClick={() => actOnAll(names, "restart")}>
        {t.servers.restart}
      </Button>
      <Button icon="x" kind="quiet" label={t.servers.deselect} onClick={() => void (selected.value = new Set())} />
    </div>
  );
}
