/** A menu where the person points, or below what has the focus: for a right click, a long press, the menu key. */

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { choices, type MenuItem, MenuItems, move } from "./menuitems";

interface Popup {
  label: string;
  items: readonly MenuItem[];
  x: number;
  y: number;
  above: number;
}

const shown = signal<Popup | null>(null);

/** Pixels that stay free at the edges. */
const EDGE = 8;

/** Show a menu below a place of the window, in pixels; where there is no room, above `above`, never under the finger. */
export function popUp(label: string, items: readonly (MenuItem | false)[], x: number, y: number, above = y): void {
  const all = items.filter((item) => item !== false);
  if (all.length > 0) shown.value = { label, items: all, x, y, above };
}

/** Where it is drawn; stands once in the page. */
export function Popups() {
  return shown.value === null ? null : <Shown popup={shown.value} />;
}

function Shown({ popup }: { popup: Popup }) {
  const self = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement);
  const close = (back: boolean) => {
    shown.value = null;
    if (back && before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  useLayoutEffect(() => {
    const menu = self.current;
    if (menu === null) return;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(EDGE, Math.min(popup.x, innerWidth - width - EDGE))}px`;
    const fits = popup.y + height + EDGE <= innerHeight;
    const top = fits ? popup.y : Math.min(popup.above, innerHeight - EDGE) - height;
    menu.style.top = `${Math.max(EDGE, top)}px`;
    choices(menu)[0]?.focus();
  }, [popup]);
  useEffect(() => {
    const away = (event: Event) => {
      if (!self.current?.contains(event.target as Node)) close(false);
    };
    addEventListener("pointerdown", away, true);
    addEventListener("resize", away);
    return () => {
      removeEventListener("pointerdown", away, true);
      removeEventListener("resize", away);
    };
  }, [popup]);
  return (
    <div
      ref={self}
      class="menu-items popup"
      role="menu"
      aria-label={popup.label}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" || event.key === "Tab") {
          event.preventDefault();
          close(true);
        } else if (move(self.current, event.key)) {
          event.preventDefault();
        }
      }}
    >
      <MenuItems items={popup.items} close={() => close(true)} />
    </div>
  );
}
