/**
 * The line that is typed and not sent yet, of each server: it is there again when one comes back, loads the page anew or
 * logs in again. It is kept for this tab and this person, and forgotten with all drafts at the logout (drafts.ts).
 */

import { account } from "../../api/account";
import { PREFIX } from "../../drafts";

/** What the tab has no room for: it holds until the page is closed. */
const kept = new Map<string, string>();

/** Return what was typed for a server. */
export function typedFor(server: string): string {
  const key = keyOf(server);
  try {
    return kept.get(key) ?? sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** Keep what is typed for a server. */
export function keepTyped(server: string, text: string): void {
  const key = keyOf(server);
  try {
    if (text === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
    kept.delete(key);
  } catch {
    kept.set(key, text);
  }
}

function keyOf(server: string): string {
  return `${PREFIX}${encodeURIComponent(account.value?.name ?? "")}:line:${server}`;
}
