/** What is shown of the audit log: a stretch of it that grows towards older entries, and never beyond a size. */

import type { Problem } from "../../api/problem";
import type { AuditEntry } from "./auditentry";

/** Entries that are shown at most: of more, the newest make room for the older ones. */
export const MOST = 1000;

export interface Shown {
  entries: readonly AuditEntry[];
  /** How many of the newest have made room. */
  dropped: number;
  /** Whether there are none that are older. */
  complete: boolean;
  loading: boolean;
  problem?: Problem | undefined;
}

export const NONE: Shown = { entries: [], dropped: 0, complete: false, loading: true };

/** Return what is shown when older entries have come. */
export function added(was: Shown, entries: readonly AuditEntry[]): Shown {
  const all = [...was.entries, ...entries];
  const over = Math.max(0, all.length - MOST);
  return { ...was, entries: all.slice(over), dropped: was.dropped + over };
}
