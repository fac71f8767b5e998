/** The list of files: a grid of which only the rows are drawn that are seen, so that ten thousand are as quick as ten. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import type { Entry, Order, SortBy } from "./entries";
import { Row, type RowActions } from "./row";
import type { Selection } from "./selection";

/** Pixels of a row, for a mouse and for a thumb; as in files.css. */
const ROW = { fine: 38, coarse: 54 };
const narrow = matchMedia("(pointer: coarse), (max-width: 800px)");
/** Rows that are drawn beyond what is seen. */
const BEYOND = 10;

export interface TableProps {
  label: string;
  entries: readonly Entry[];
  selection: Selection;
  order: Order;
  onOrder: (by: SortBy) => void;
  onAll: (chosen: boolean) => void;
  onKey: (event: KeyboardEvent, page: number) => void;
  /** Counts up when the row with the focus of the selection shall have that of the page. */
  focusing: number;
  /** Whether that shall happen as soon as it is drawn. */
  focusFirst: boolean;
  /** Told whether the focus is in it; not if that goes with a row that is gone. */
  onFocus: (inside: boolean) => void;
  actions: RowActions;
}

/** Draw it. */
export function Table(props: TableProps) {
  const { entries, selection, order, actions } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [height, setHeight] = useState(narrow.matches ? ROW.coarse : ROW.fine);
  const focused = Math.max(0, selection.focus === null ? 0 : entries.findIndex((one) => one.key === selection.focus));

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const measure = () => {
      setHeight(narrow.matches ? ROW.coarse : ROW.fine);
      setView({ top: box.scrollTop, height: box.clientHeight });
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(box);
    narrow.addEventListener("change", measure);
    return () => {
      watcher.disconnect();
      narrow.removeEventListener("change", measure);
    };
  }, []);

  const toFocus = () => {
    const box = scroller.current;
    const head = box?.querySelector<HTMLElement>(".files-head");
    if (box === null || head === null || head === undefined) return;
    const top = focused * height;
    const seen = box.clientHeight - head.offsetHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + seen) box.scrollTop = top + height - seen;
    box.querySelector<HTMLElement>('.files-row[tabindex="0"]')?.focus({ preventScroll: true });
  };
  useEffect(() => {
    if (props.focusing > 0) toFocus();
  }, [props.focusing]);
  useEffect(() => {
    if (props.focusFirst && entries.length > 0) toFocus();
  }, [entries.length > 0]);

  const first = Math.max(0, Math.floor(view.top / height) - BEYOND);
  const last = Math.min(entries.length - 1, Math.ceil((view.top + view.height) / height) + BEYOND);
  const drawn: number[] = [];
  for (let at = first; at <= last; at += 1) drawn.push(at);
  // What has the focus keeps it when it is scrolled away.
  if (entries.length > 0 && (focused < first || focused > last)) drawn.push(focused);
  const count = selection.chosen.size;

  return (
    <div
      ref={scroller}
      class="files-table"
      role="grid"
      aria-label={props.label}
      aria-rowcount={entries.length + 1}
      aria-multiselectable="true"
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      onFocusIn={() => props.onFocus(true)}
      onFocusOut={({ currentTarget, relatedTarget, target }) => {
        if (currentTarget.contains(relatedTarget as Node | null)) return;
        // Only when it is drawn one knows whether the row has lost the focus, or is gone.
        queueMicrotask(() => (target as Node).isConnected && props.onFocus(false));
      }}
      onKeyDown={(event) => props.onKey(event, Math.max(1, Math.floor(view.height / height) - 2))}
    >
      <div class="files-head" role="row" aria-rowindex={1}>
        <span role="columnheader" class="files-box">
          <input
            type="checkbox"
            aria-label={t.files.chooseAll}
            checked={count > 0 && count >= entries.filter((one) => one.addressable).length}
            ref={(box) => {
              if (box !== null) box.indeterminate = count > 0 && count < entries.length;
            }}
            onChange={(event) => props.onAll(event.currentTarget.checked)}
          />
        </span>
        <Head by="name" order={order} onOrder={props.onOrder} />
        <Head by="size" order={order} onOrder={props.onOrder} />
        <Head by="modified" order={order} onOrder={props.onOrder} />
        <span role="columnheader" class="files-more">
          <span class="hidden">{t.files.actions}</span>
        </span>
      </div>
      <div class="files-rows" role="rowgroup" style={{ height: `${entries.length * height}px` }}>
        {drawn.map((at) => {
          const entry = entries[at] as Entry;
          return (
            <Row
              key={entry.key}
              entry={entry}
              at={at}
              top={at * height}
              chosen={selection.chosen.has(entry.key)}
              focused={at === focused}
              choosing={count > 0}
              actions={actions}
            />
          );
        })}
      </div>
    </div>
  );
}

function Head({ by, order, onOrder }: { by: SortBy; order: Order; onOrder: (by: SortBy) => void }) {
  const here = order.by === by;
  const sort = here ? (order.down ? "descending" : "ascending") : "none";
  return (
    <span role="columnheader" class={`files-${by}`} aria-sort={sort}>
      <button type="button" onClick={() => onOrder(by)}>
        {t.files[by]}
        {here && <Icon name={order.down ? "chevronDown" : "chevronUp"} />}
      </button>
    </span>
  );
}
