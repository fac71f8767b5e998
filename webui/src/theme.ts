/** Dark or light: as the system has it, unless the person has chosen. */

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "dark" | "light";

const KEY = "holdfast.theme";
const system = matchMedia("(prefers-color-scheme: light)");
const systemIsLight = signal(system.matches);
system.addEventListener("change", () => void (systemIsLight.value = system.matches));

export const theme = signal<Theme>(remembered());

/** Whether the page is light now. */
export const light = signal(false);

effect(() => {
  light.value = theme.value === "light" || (theme.value === "system" && systemIsLight.value);
  document.documentElement.classList.toggle("light", light.value);
});

/** Choose, and remember it. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // A private window: then it holds until the page is closed.
  }
}

function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return found === "dark" || found === "light" ? found : "system";
  } catch {
    return "system";
  }
}
