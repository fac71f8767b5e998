/** What stays at the edge of the page wherever the person goes in it, such as the uploads. */

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

/** What is shown there, or nothing. */
export const dock = signal<ComponentType | null>(null);

/** Where it is; stands once in the page. */
export function Dock() {
  const Shown = dock.value;
  return Shown === null ? null : <Shown />;
}
