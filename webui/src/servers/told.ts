/** What has happened, for the history and for messages: pure words, from events of the API. */

import type { Happening } from "../live/types";
import { t } from "../strings";
import { whyText } from "./next";

/** Escape sequences of a terminal, and other characters that nobody sees. */
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-Z\\-_]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Return a line of output as plain text. */
export function plainLine(line: string): string {
  return line.replace(ESCAPES, "");
}

/** Return why, of a change of state or of a check. */
export function whyOf(event: Happening): string {
  if (event.type === "health") {
    const check = typeof event["check"] === "string" ? event["check"] : "";
    const told = check === "" ? "" : `${t.server.history.check(check)}: `;
    return `${told}${event.reason ?? ""}`;
  }
  return event.to === undefined ? (event.reason ?? "") : whyText({ state: event.to, reason: event.reason ?? "" });
}

/** Put what has just happened before what is known, once, the newest first. */
export function withNew(known: readonly Happening[], event: Happening): readonly Happening[] {
  if (known.some((one) => one.id === event.id)) return known;
  return [event, ...known].sort((one, other) => other.id - one.id);
}

/** Put older ones behind what is known, each once. */
export function withOlder(known: readonly Happening[], older: readonly Happening[]): readonly Happening[] {
  const ids = new Set(known.map((one) => one.id));
  return [...known, ...older.filter((one) => !ids.has(one.id))];
}
