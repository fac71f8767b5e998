/** A menu below a button: arrows, Home, End and letters move in it, Escape closes it. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";
import { choices, type MenuItem, MenuItems, move } from "./menuitems";

export type { MenuItem };

/** A button that opens a menu; false among the items is left out. */
export function Menu(props: {
  label: string;
  icon?: IconName;
  text?: string;
  items: readonly (MenuItem | false)[];
  small?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const self = useRef<HTMLDivElement>(null);
  const items = props.items.filter((item) => item !== false);
  const [side, setSide] = useState("");
  useLayoutEffect(() => {
    const list = open ? self.current?.querySelector(".menu-items") : null;
    if (list == null) return setSide("");
    const { left, bottom, height } = list.getBoundingClientRect();
    const above = (self.current?.getBoundingClientRect().top ?? 0) - height;
    // Below and to the left, as a rule; where there is no room for that, on the other side.
    setSide([left < 0 && "rightward", bottom > innerHeight && above > 0 && "upward"].filter(Boolean).join(" "));
  }, [open]);
  useEffect(() => {
    if (!open) return undefined;
    choices(self.current)[0]?.focus();
    const away = (event: Event) => {
      if (!self.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", away, true);
    return () => removeEventListener("pointerdown", away, true);
  }, [open]);
  const close = () => {
    setOpen(false);
    self.current?.querySelector("button")?.focus();
  };
  return (
    <div
      class="menu"
      ref={self}
      onKeyDown={(event) => {
        if (!open) return;
        if (event.key === "Escape" || event.key === "Tab") {
          if (event.key === "Escape") event.stopPropagation();
          close();
        } else if (move(self.current, event.key)) {
          event.preventDefault();
        }
      }}
    >
      <button
        type="button"
        class={["button", "quiet", props.text === undefined && "bare", props.small && "small"].filter(Boolean).join(" ")}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={props.label}
        title={props.label}
        disabled={items.length === 0}
        onClick={() => setOpen(!open)}
      >
        <Icon name={props.icon ?? "more"} />
        {props.text !== undefined && <span>{props.text}</span>}
      </button>
      {open && (
        <div class={`menu-items ${side}`} role="menu" aria-label={props.label}>
          <MenuItems items={items} close={close} />
        </div>
      )}
    </div>
  );
}
