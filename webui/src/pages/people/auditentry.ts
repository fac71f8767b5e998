/** Entries of the audit log: read from lines as they come, and told as sentences. */

import { textLines } from "../../api/textlines";
import { t } from "../../strings";

/** An entry; what else there is depends on the action. */
export interface AuditEntry {
  seq: number;
  /** Unix seconds. */
  ts: number;
  action: string;
  user: string;
  ip: string;
  server?: string;
  result: "success" | "failed" | "denied";
  cause?: string;
  [more: string]: unknown;
}

/** Yield the objects that lines of JSON are, in the blocks in which they come; a line that is none is left out. */
export async function* jsonLines<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T[]> {
  for await (const lines of textLines(stream)) {
    const found = lines.flatMap((line) => parsed<T>(line));
    if (found.length > 0) yield found;
  }
}

function parsed<T>(line: string): T[] {
  if (line.trim() === "") return [];
  try {
    return [JSON.parse(line) as T];
  } catch {
    return [];
  }
}

/** Return a detail of an entry as a text. */
export function detailOf(entry: AuditEntry, key: string): string {
  const value = entry[key];
  if (value === undefined || value === null) return "?";
  return Array.isArray(value) ? t.list(value.map(String)) : String(value);
}

/** Return what was done or tried, and to what: without who, when and from where. */
export function deedOf(entry: AuditEntry): string {
  // The first line of a run tells no action.
  if (typeof entry.action !== "string") return t.audit.started;
  const deed = t.audit.deeds[entry.action];
  if (deed === undefined) {
    return entry.server === undefined ? entry.action : t.audit.otherOf(entry.action, entry.server);
  }
  const [done, tried, what] = deed;
  const told = what((key) => detailOf(entry, key));
  return entry.result === "success" ? t.audit.done(done, told) : t.audit.tried(tried, told);
}

/** Return what became of it, if it came to nothing, and why; and what else there is to know. */
export function outcomeOf(entry: AuditEntry): string {
  if (entry.result !== "failed" && entry.result !== "denied") return "";
  // A cause of the API begins with its word for programs.
  const reason = entry["reason"];
  const known =
    typeof reason === "string" ? (t.audit.causes[reason as keyof typeof t.audit.causes] ?? reason) : undefined;
  return t.audit.outcome[entry.result](known ?? (entry.cause ?? "").replace(/^[a-z]+(-[a-z]+)+: /, ""));
}
