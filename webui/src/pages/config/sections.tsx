/** The sections of the config, to go to. */

import { t } from "../../strings";
import type { Entry } from "./outline";

/** Sections whose entries a person looks for. */
const NAMED = new Set(["servers", "templates", "roles"]);

/** Return the keys that are shown. */
export function sectionsOf(keys: readonly Entry[]): Entry[] {
  return keys.filter(({ path }) => path.length === 1 || (path.length === 2 && NAMED.has(String(path[0]).toLowerCase())));
}

export interface SectionsProps {
  entries: readonly Entry[];
  /** Where the cursor is. */
  at: number;
  onGo: (entry: Entry) => void;
}

/** A list at the side; where there is little room, a choice. */
export function Sections({ entries, at, onGo }: SectionsProps) {
  const here = entries.findLastIndex((entry) => entry.from <= at);
  return (
    <>
      <nav class="config-sections" aria-label={t.config.sections}>
        {entries.length === 0 && <p class="dim">{t.config.noSections}</p>}
        {entries.map((entry, index) => (
          <button
            key={entry.path.join("\0")}
            type="button"
            class={entry.path.length === 2 ? "inner" : undefined}
            aria-current={index === here ? "location" : undefined}
            onClick={() => onGo(entry)}
          >
            {entry.path.at(-1)}
          </button>
        ))}
      </nav>
      <select
        class="config-choice"
        aria-label={t.config.sections}
        value={String(here)}
        onChange={(event) => {
          const entry = entries[Number(event.currentTarget.value)];
          if (entry) onGo(entry);
        }}
      >
        {here < 0 && <option value="-1">{t.config.sections}</option>}
        {entries.map((entry, index) => (
          <option key={entry.path.join("\0")} value={String(index)}>
            {entry.path.join(" › ")}
          </option>
        ))}
      </select>
    </>
  );
}
