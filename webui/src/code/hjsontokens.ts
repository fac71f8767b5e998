/**
 * Hjson, and JSON with or without comments, as tokens: line by line, with a state between them.
 *
 * Rules (those of `daemon/hujson.py`, but whatever the text, it goes on):
 * - A value without quotes is a text up to the end of its line, unless it is a number or `true`, `false`, `null`
 *   and a separator, a comment or the end of the line follows.
 * - Comments begin with `#` or `//`, or stand between slash and asterisk, where a token could begin.
 * - A text between three single quotes may have many lines.
 * - The braces around all of it may be missing.
 */

export type Kind = "space" | "comment" | "key" | "colon" | "comma" | "open" | "close" | "string" | "bare" | "word" | "number" | "wrong";

export interface Scan {
  /** The brackets that are open, the innermost last; `r` is the top without braces. */
  open: string;
  expects: "key" | "colon" | "value" | "next";
  inside: "" | "comment" | "block";
}

/** Return the state at the beginning of a text. */
export function begin(): Scan {
  return { open: "", expects: "value", inside: "" };
}

export interface Token {
  kind: Kind;
  /** Behind its last character, in the line. */
  end: number;
}

const LITERAL = /(?:(true|false|null)|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=[ \t]*(?:[,}\]#\r]|\/\/|\/\*|$))/y;
const QUOTED = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?/y;
const KEY = /[^\s,:[\]{}"']+/y;
const SPACE = /\s+/y;

function match(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}

function upTo(line: string, end: string, at: number): number {
  const found = line.indexOf(end, at);
  return found < 0 ? -1 : found + end.length;
}

/** Return the token at a place of a line, which is not its end; the state is changed to that behind it. */
export function step(line: string, at: number, scan: Scan): Token {
  if (scan.inside !== "") return inside(line, at, scan);
  const space = match(SPACE, line, at);
  if (space) return { kind: "space", end: at + space[0].length };
  if (line[at] === "#" || line.startsWith("//", at)) return { kind: "comment", end: line.length };
  if (line.startsWith("/*", at)) {
    scan.inside = "comment";
    const end = upTo(line, "*/", at + 2);
    if (end >= 0) scan.inside = "";
    return { kind: "comment", end: end < 0 ? line.length : end };
  }
  if (scan.open === "" && scan.expects === "value" && !/[{[]/.test(line[at] ?? "")) {
    scan.open = "r";
    scan.expects = "key";
  }
  switch (line[at]) {
    case "{":
    case "[":
      if (scan.expects !== "value") return { kind: "wrong", end: at + 1 };
      scan.open += line[at];
      scan.expects = line[at] === "{" ? "key" : "value";
      return { kind: "open", end: at + 1 };
    case "}":
    case "]": {
      const fits = scan.open.endsWith(line[at] === "}" ? "{" : "[");
      if (fits) scan.open = scan.open.slice(0, -1);
      scan.expects = "next";
      return { kind: fits ? "close" : "wrong", end: at + 1 };
    }
    case ",":
      scan.expects = scan.open.endsWith("[") ? "value" : "key";
      return { kind: "comma", end: at + 1 };
    default:
      break;
  }
  // Only a comma or a new line is between two; a line that says a key without a colon is not ended.
  if (scan.expects === "next" || (scan.expects === "colon" && line[at] !== ":")) {
    scan.expects = scan.open.endsWith("[") ? "value" : "key";
  }
  return scan.expects === "key" || scan.expects === "colon" ? key(line, at, scan) : value(line, at, scan);
}

function inside(line: string, at: number, scan: Scan): Token {
  const block = scan.inside === "block";
  const end = upTo(line, block ? "'''" : "*/", at);
  if (end >= 0) {
    scan.inside = "";
    if (block) scan.expects = "next";
  }
  return { kind: block ? "string" : "comment", end: end < 0 ? line.length : end };
}

function key(line: string, at: number, scan: Scan): Token {
  if (line[at] === ":") {
    const fits = scan.expects === "colon";
    scan.expects = "value";
    return { kind: fits ? "colon" : "wrong", end: at + 1 };
  }
  const found = match(QUOTED, line, at) ?? match(KEY, line, at);
  if (!found) return { kind: "wrong", end: at + 1 };
  scan.expects = "colon";
  return { kind: "key", end: at + found[0].length };
}

function value(line: string, at: number, scan: Scan): Token {
  if (line.startsWith("'''", at)) {
    const end = upTo(line, "'''", at + 3);
    if (end < 0) scan.inside = "block";
    else scan.expects = "next";
    return { kind: "string", end: end < 0 ? line.length : end };
  }
  scan.expects = "next";
  const quoted = match(QUOTED, line, at);
  if (quoted) return { kind: "string", end: at + quoted[0].length };
  if (line[at] === ":") return { kind: "wrong", end: at + 1 };
  const literal = match(LITERAL, line, at);
  if (literal) return { kind: literal[1] === undefined ? "number" : "word", end: at + literal[0].length };
  return { kind: "bare", end: at + line.slice(at).trimEnd().length };
}
