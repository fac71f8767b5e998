/** A menu below a button: arrows, Home, End and letters move in it, Escape closes it. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { problemOf } from "../api/problem";
import { Icon, type IconName } from "./icon";
import { tell } from "./toast";

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  hint?: string | undefined;
  /** Its promise is waited for; what it throws is told. */
  run: () => unknown;
}

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
  const run = async (item: MenuItem) => {
    close();
    try {
      await item.run();
    } catch (thrown) {
      tell(problemOf(thrown));
    }
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
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.danger ? "danger" : undefined}
              disabled={item.disabled}
              title={item.hint}
              onClick={() => void run(item)}
            >
              {item.icon && <Icon name={item.icon} />}
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Return what can be chosen in a menu. */
export function choices(menu: HTMLElement | null): HTMLButtonElement[] {
  return [...(menu?.querySelectorAll<HTMLButtonElement>('[role="menuitem"]:not(:disabled)') ?? [])];
}

/** Move the focus in a menu by a key; tell whether the key meant something. */
export function move(menu: HTMLElement | null, key: string): boolean {
  const all = choices(menu);
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  const to = ((): HTMLButtonElement | undefined => {
    switch (key) {
      case "ArrowDown":
        return all[(at + 1) % all.length];
      case "ArrowUp":
        return all[(at - 1 + all.length) % all.length];
      case "Home":
        return all[0];
      case "End":
        return all.at(-1);
      default:
        if (key.length !== 1 || key === " ") return undefined;
        return [...all.slice(at + 1), ...all].find((one) => one.textContent?.toLowerCase().startsWith(key.toLowerCase()));
    }
  })();
  to?.focus();
  return to !== undefined;
}
