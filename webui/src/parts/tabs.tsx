/** Pages beside each other, below one title: links, of which the current one is always to be seen. */

import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icon";

export interface TabLink {
  href: string;
  title: string;
  icon?: IconName;
  current: boolean;
}

/** Draw them. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly TabLink[] }) {
  const self = useRef<HTMLElement>(null);
  const current = tabs.find((tab) => tab.current)?.href;
  useEffect(() => {
    const strip = self.current;
    const tab = strip?.querySelector<HTMLElement>("[aria-current]");
    // On a phone they are wider than the screen; only the strip moves, not the page.
    if (strip && tab) strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  }, [current]);
  return (
    <nav class="tabs" aria-label={label} ref={self}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.icon && <Icon name={tab.icon} />}
          {tab.title}
        </a>
      ))}
    </nav>
  );
}
