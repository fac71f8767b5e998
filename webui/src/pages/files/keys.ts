/** What keys mean in the list of files. */

import type { Held, Move } from "./selection";

export type Command =
  | { do: "move"; by: Move; held: Held }
  | { do: "type"; text: string }
  | { do: "remove"; forGood: boolean }
  | { do: "open" | "edit" | "up" | "toggle" | "all" | "none" | "rename" | "cut" | "copy" | "paste" | "menu" | "filter" };

/** What is known of a key that was pressed. */
export type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** Return what a key means, or null; `page` is how many rows are seen, `typing` whether a name is being typed. */
export function commandOf(event: Pressed, page: number, typing: boolean): Command | null {
  const { key } = event;
  const ctrl = event.ctrlKey || event.metaKey;
  const held = { shift: event.shiftKey, ctrl };
  if (event.altKey) return key === "ArrowUp" ? { do: "up" } : null;
  const move = (by: Move): Command => ({ do: "move", by, held });
  switch (key) {
    case "ArrowDown":
      return move(1);
    case "ArrowUp":
      return move(-1);
    case "PageDown":
      return move(page);
    case "PageUp":
      return move(-page);
    case "Home":
      return move("first");
    case "End":
      return move("last");
    case "Enter":
      return { do: ctrl ? "edit" : "open" };
    case "Backspace":
      return { do: "up" };
    case "Delete":
      return { do: "remove", forGood: event.shiftKey };
    case "F2":
      return { do: "rename" };
    case "F4":
      return { do: "edit" };
    case "Escape":
      return { do: "none" };
    case "ContextMenu":
      return { do: "menu" };
    case "F10":
      return event.shiftKey ? { do: "menu" } : null;
    case " ":
      return typing && !ctrl ? { do: "type", text: key } : { do: "toggle" };
  }
  if (ctrl) return byControl(key.toLowerCase());
  if (key === "/" && !typing) return { do: "filter" };
  return [...key].length === 1 ? { do: "type", text: key } : null;
}

function byControl(key: string): Command | null {
  switch (key) {
    case "a":
      return { do: "all" };
    case "c":
      return { do: "copy" };
    case "x":
      return { do: "cut" };
    case "v":
      return { do: "paste" };
    default:
      return null;
  }
}
