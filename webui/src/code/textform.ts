/**
 * Between the bytes of a file and a text that can be edited, and back: without a change they are the same bytes.
 *
 * Rules:
 * - Only UTF-8 without NUL is a text. Anything else is shown as well as it can be, and never saved: what was replaced
 *   by U+FFFD would be lost.
 * - If all lines end alike, the text has `\n` and the form remembers how they end. If they do not, each `\r` stays in
 *   the text, where it is seen and kept.
 * - A byte order mark is remembered, and whether the last line ends stands in the text itself.
 */

export type Ending = "lf" | "crlf" | "mixed";

/** What the text alone does not say of a file. */
export interface Form {
  ending: Ending;
  /** Whether the file begins with a byte order mark. */
  mark: boolean;
}

export interface Decoded extends Form {
  text: string;
  /** Why it must not be saved; undefined for a text. */
  flaw: "encoding" | "nul" | undefined;
}

const MARK = [0xef, 0xbb, 0xbf];

/** Return the text of a file. */
export function decode(bytes: Uint8Array): Decoded {
  const mark = MARK.every((byte, at) => bytes[at] === byte);
  const rest = mark ? bytes.subarray(MARK.length) : bytes;
  let flaw: Decoded["flaw"];
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rest);
  } catch {
    text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rest);
    flaw = "encoding";
  }
  if (flaw === undefined && text.includes("\0")) flaw = "nul";
  const ending = endingOf(text);
  return { text: ending === "crlf" ? text.replaceAll("\r\n", "\n") : text, mark, ending, flaw };
}

/** Return the bytes of a text. */
export function encode(text: string, form: Form): Uint8Array<ArrayBuffer> {
  const lines = form.ending === "crlf" ? text.replaceAll("\n", "\r\n") : text;
  return new TextEncoder().encode(form.mark ? `\ufeff${lines}` : lines) as Uint8Array<ArrayBuffer>;
}

/** Return how the lines of a text end; a text of one line ends as ours do. */
export function endingOf(text: string): Ending {
  if (!text.includes("\r")) return "lf";
  const both = text.match(/\r\n/g)?.length ?? 0;
  const feeds = text.match(/\n/g)?.length ?? 0;
  const returns = text.match(/\r/g)?.length ?? 0;
  return both === feeds && both === returns ? "crlf" : "mixed";
}

/** Return the text with lines that all end alike. */
export function unified(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** Return the unit by which the lines of a text are indented: a tab, or some spaces. */
export function indentOf(text: string): string {
  const counts = new Map<string, number>();
  let before = 0;
  for (const line of text.split("\n", 2000)) {
    if (line.trim() === "") continue;
    if (line.startsWith("\t")) {
      counts.set("\t", (counts.get("\t") ?? 0) + 1);
      continue;
    }
    const spaces = line.length - line.trimStart().length;
    const step = spaces - before;
    before = spaces;
    if (step >= 2 && step <= 8) counts.set(" ".repeat(step), (counts.get(" ".repeat(step)) ?? 0) + 1);
  }
  let best = "  ";
  for (const [unit, count] of counts) if (count > (counts.get(best) ?? 0)) best = unit;
  return best;
}

/** Tell whether two files have the same bytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
