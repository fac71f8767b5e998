/** What a dry run tells of a text: whether it is good, where it is not, and what it would change. */

import type { Text } from "@codemirror/state";
import { askJson } from "../../api/request";

/** A remark about a place; line and column count from 1, line 0 is the text as a whole. */
export interface Remark {
  line: number;
  column: number;
  key: string;
  message: string;
}

export interface Changes {
  added: string[];
  changed: string[];
  removed: string[];
  restartNeeded: string[];
  unchanged: number;
}

/** What `POST /config/check` answers. */
export interface Report {
  valid: boolean;
  error: string | null;
  detail: Remark | null;
  warnings: string[];
  remarks: Remark[];
  servers: string[];
  changes: Changes | null;
  differences: string[] | null;
}

/** Ask for a dry run of a text. Throws `Problem`. */
export function check(text: string, signal?: AbortSignal, mayBeOut = false): Promise<Report> {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  return askJson<Report>("config/check", { method: "POST", body: text, headers, signal, mayBeOut });
}

export interface Place {
  from: number;
  to: number;
}

// What the daemon takes away at the beginning, before it counts lines: blanks as Python's bytes.strip() has them.
const BLANK = /^[ \t\n\r\v\f]*/;

/** Return where in the text a remark points to: to the end of the value that begins there, or to its line. */
export function placeOf(doc: Text, remark: Remark): Place | undefined {
  if (!(remark.line >= 1)) return undefined;
  const blank = BLANK.exec(doc.sliceString(0, Math.min(doc.length, 1 << 20)))?.[0] ?? "";
  const first = doc.lineAt(blank.length);
  const number = remark.line + first.number - 1;
  if (number > doc.lines) return { from: doc.length, to: doc.length };
  const line = doc.line(number);
  const skipped = remark.line === 1 ? blank.length - first.from : 0;
  const from = line.from + Math.min(line.length, skipped + units(line.text.slice(skipped), remark.column - 1));
  const rest = doc.sliceString(from, line.to);
  const length = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w.-]+|\S)/.exec(rest)?.[0].length ?? 0;
  return { from, to: from + length };
}

/** Columns are code points for the daemon; some are two units here. */
function units(text: string, points: number): number {
  let at = 0;
  for (let left = points; left > 0 && at < text.length; left -= 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** Return a remark as a sentence. */
export function sentence({ key, message }: Remark): string {
  return key === "" || message.startsWith(key) ? message : `${key}: ${message}`;
}

/** Tell whether anything would be different. */
export function changesNothing({ changes, differences }: Report): boolean {
  const servers = changes === null ? 0 : changes.added.length + changes.changed.length + changes.removed.length;
  return servers === 0 && differences !== null && differences.length === 0;
}

/**
 * Return where this page is after a text is in force: null if that is where it is, "" if that cannot be told.
 *
 * `page` is its address.
 */
export function movedTo({ differences }: Report, page: string): string | null {
  const here = new URL(page);
  const keys = here.pathname.endsWith("/ui/")
    ? /^(?:port|listen|https(?:\.enabled)?|webUI(?:\.onApiPort)?): /
    : /^(?:webUI(?:\.enabled|\.port)?|listen|https(?:\.enabled)?): /;
  const moves = (differences ?? []).filter((one) => keys.test(one));
  if (moves.length === 0) return null;
  const ports = /^(?:webUI\.)?port: (\d+) → ([1-9]\d*)$/.exec(moves[0] ?? "");
  if (moves.length > 1 || ports?.[2] === undefined || ports[1] !== here.port) return "";
  here.port = ports[2];
  return here.href;
}
