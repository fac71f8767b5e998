/** Keys that the keyboard of a phone does not have, for a program in a terminal. */

import { t } from "../../strings";
import type { ConsoleModel } from "./model";

/** What is on a key, its name, and what it sends. Arrows depend on what the program has asked for. */
const KEYS: readonly (readonly [string, string, string])[] = [
  ["Esc", "Escape", "\x1b"],
  ["Tab", "Tab", "\t"],
  ["↑", "Up", "A"],
  ["↓", "Down", "B"],
  ["←", "Left", "D"],
  ["→", "Right", "C"],
  ["^C", "Ctrl-C", "\x03"],
  ["^D", "Ctrl-D", "\x04"],
  ["Home", "Home", "H"],
  ["End", "End", "F"],
  ["PgUp", "Page up", "\x1b[5~"],
  ["PgDn", "Page down", "\x1b[6~"],
  ["/", "Slash", "/"],
  ["|", "Pipe", "|"],
];

/** Draw them. */
export function Keys({ model }: { model: ConsoleModel }) {
  const press = (keys: string) => {
    const { terminal } = model.screen;
    const isArrow = /^[A-H]$/.test(keys);
    model.press(isArrow ? `\x1b${terminal.modes.applicationCursorKeysMode ? "O" : "["}${keys}` : keys);
    terminal.focus();
  };
  return (
    // The terminal keeps the focus, and a phone its keyboard.
    <div class="console-keys" role="toolbar" aria-label={t.console.keys} onPointerDown={(event) => event.preventDefault()}>
      <button type="button" class="button small" aria-pressed={model.ctrl.value} onClick={() => void (model.ctrl.value = !model.ctrl.value)}>
        Ctrl
      </button>
      {KEYS.map(([text, name, keys]) => (
        <button key={name} type="button" class="button small" aria-label={name} onClick={() => press(keys)}>
          {text}
        </button>
      ))}
    </div>
  );
}
