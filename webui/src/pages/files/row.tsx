/** A row of the list: for a mouse, a thumb and the keyboard. */

import { Component } from "preact";
import { useRef } from "preact/hooks";
import { bytes, fullMoment, moment } from "../../format";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import type { Entry } from "./entries";
import { iconOf, kindOf } from "./kinds";
import { visible } from "./paths";

/** Milliseconds after which a press is a long one, and pixels that a thumb may move meanwhile. */
const LONG = 450;
const STILL = 10;

/** What rows do; it stays the same object, so that rows are not drawn anew. */
export interface RowActions {
  href: (entry: Entry) => string;
  click: (entry: Entry, held: { shift: boolean; ctrl: boolean }) => void;
  toggle: (entry: Entry) => void;
  open: (entry: Entry) => void;
  menu: (entry: Entry, x: number, y: number, above?: number) => void;
}

interface RowProps {
  entry: Entry;
  at: number;
  top: number;
  chosen: boolean;
  focused: boolean;
  /** Whether anything is chosen: then a tap chooses, too. */
  choosing: boolean;
  actions: RowActions;
}

/** Draw it, and again only if something about it is different. */
export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return (Object.keys(next) as (keyof RowProps)[]).some((key) => next[key] !== this.props[key]);
  }

  render(props: RowProps) {
    return <Drawn {...props} />;
  }
}

function Drawn({ entry, at, top, chosen, focused, choosing, actions }: RowProps) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const pointer = useRef("mouse");
  const handled = useRef(false);
  const kind = kindOf(entry);
  const release = () => {
    if (press.current !== null) clearTimeout(press.current.timer);
    press.current = null;
  };
  const click = (event: MouseEvent) => {
    const target = event.target as Element;
    if (handled.current) {
      // It was a long press, which has chosen already.
      handled.current = false;
      event.preventDefault();
      return;
    }
    if (target.closest("button, input") !== null) return;
    const held = { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey };
    const onLink = target.closest("a") !== null;
    if (pointer.current !== "mouse") {
      if (!onLink || choosing) event.preventDefault();
      if (choosing) actions.toggle(entry);
      else if (!onLink) actions.open(entry);
      return;
    }
    if (onLink && !held.shift && !held.ctrl) return;
    event.preventDefault();
    actions.click(entry, held);
  };
  return (
    <div
      role="row"
      class="files-row"
      aria-rowindex={at + 2}
      aria-selected={chosen}
      tabIndex={focused ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      onClick={click}
      onDblClick={(event) => {
        if ((event.target as Element).closest("a, button, input") === null) actions.open(entry);
      }}
      onPointerDown={(event) => {
        pointer.current = event.pointerType;
        handled.current = false;
        release();
        if (event.pointerType === "mouse" || (event.target as Element).closest("button, input") !== null) return;
        const timer = setTimeout(() => {
          handled.current = true;
          actions.toggle(entry);
          navigator.vibrate?.(15);
        }, LONG);
        press.current = { timer, x: event.clientX, y: event.clientY };
      }}
      onPointerMove={(event) => {
        const { x, y } = press.current ?? { x: event.clientX, y: event.clientY };
        if (Math.hypot(event.clientX - x, event.clientY - y) > STILL) release();
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onContextMenu={(event) => {
        event.preventDefault();
        if (pointer.current === "mouse") actions.menu(entry, event.clientX, event.clientY);
      }}
    >
      <span role="gridcell" class="files-box">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={chosen}
          disabled={!entry.addressable}
          aria-label={t.files.choose(entry.name)}
          onClick={(event) => {
            if (event.shiftKey) {
              event.preventDefault();
              actions.click(entry, { shift: true, ctrl: true });
            }
          }}
          onChange={() => actions.toggle(entry)}
        />
      </span>
      <span role="gridcell" class="files-name">
        <span class={`files-icon ${kind}`}>
          <Icon name={iconOf(kind)} />
        </span>
        <span class="files-title">
          {entry.addressable ? (
            <a href={actions.href(entry)} tabIndex={-1} draggable={false} title={entry.name}>
              {visible(entry.name)}
            </a>
          ) : (
            <span class="dim" title={t.files.unaddressable}>
              {visible(entry.name)}
            </span>
          )}
          <span class="hidden">, {t.files.kinds[kind]}</span>
        </span>
      </span>
      <span role="gridcell" class="files-size">
        {entry.folder ? "" : bytes(entry.size)}
      </span>
      <span role="gridcell" class="files-modified" title={fullMoment(entry.lastModified)}>
        {moment(entry.lastModified)}
      </span>
      <span role="gridcell" class="files-more">
        {entry.addressable && (
          <button
            type="button"
            class="button quiet bare small"
            tabIndex={-1}
            aria-label={t.files.actionsOf(entry.name)}
            aria-haspopup="menu"
            onClick={(event) => {
              const { left, top, bottom } = event.currentTarget.getBoundingClientRect();
              actions.menu(entry, left, bottom, top);
            }}
          >
            <Icon name="more" />
          </button>
        )}
      </span>
    </div>
  );
}
