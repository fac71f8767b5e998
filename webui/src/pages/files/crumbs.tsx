/** Where one is: the folders on the way here. */

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import { folderHash, namesOf, visible } from "./paths";

/** Draw them: as links to a server's folders, or as buttons that call `onGo`. */
export function Crumbs({ path, server, onGo }: { path: string; server?: string; onGo?: (path: string) => void }) {
  const self = useRef<HTMLOListElement>(null);
  const names = namesOf(path);
  useEffect(() => {
    // The end of the way is what one wants to see.
    const list = self.current;
    if (list !== null) list.scrollLeft = list.scrollWidth;
  }, [path]);
  return (
    <nav class="crumbs" aria-label={t.files.folders}>
      <ol ref={self}>
        {["", ...names].map((name, at) => {
          const to = names.slice(0, at).join("/");
          const here = at === names.length;
          const shown = at === 0 ? <Icon name="folder" /> : <span class="clip">{visible(name)}</span>;
          const label = at === 0 ? t.files.top : undefined;
          const current = here ? ("page" as const) : undefined;
          return (
            <li key={to}>
              {at > 0 && <Icon name="chevronRight" />}
              {server === undefined ? (
                <button type="button" aria-label={label} aria-current={current} onClick={() => onGo?.(to)}>
                  {shown}
                </button>
              ) : (
                <a href={folderHash(server, to)} aria-label={label} aria-current={current}>
                  {shown}
                </a>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
