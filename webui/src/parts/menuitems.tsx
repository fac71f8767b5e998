/** What stands in a menu, and how keys move in it. */

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

/** Draw them; the menu is closed before one is carried out. */
export function MenuItems({ items, close }: { items: readonly MenuItem[]; close: () => void }) {
  const run = async (item: MenuItem) => {
    close();
    try {
      await item.run();
    } catch (thrown) {
      tell(problemOf(thrown));
    }
  };
  return (
    <>
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
    </>
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
