/** Hjson for CodeMirror: colours, folding, what is a comment. */

import { bracketMatching, foldService, type LanguageSupport, LanguageSupport as Support, StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { foldByIndent } from "./folding";
import { begin, type Kind, type Scan, step } from "./hjsontokens";

const STYLES: Readonly<Record<Kind, string | null>> = {
  space: null,
  comment: "comment",
  key: "propertyName",
  colon: "punctuation",
  comma: "punctuation",
  open: "bracket",
  close: "bracket",
  string: "string",
  bare: "string",
  word: "atom",
  number: "number",
  wrong: "invalid",
};

const language = StreamLanguage.define<Scan>({
  name: "hjson",
  startState: begin,
  copyState: (scan) => ({ ...scan }),
  token: (stream, scan) => {
    const { kind, end } = step(stream.string, stream.pos, scan);
    stream.pos = end;
    return STYLES[kind];
  },
  indent: (scan, after, { unit }) => {
    if (scan.inside !== "") return null;
    const depth = scan.open.replace("r", "").length - (/^\s*[}\]]/.test(after) ? 1 : 0);
    return Math.max(0, depth) * unit;
  },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", '"', "'''"] },
    indentOnInput: /^\s*[}\]]$/,
  },
});

/** Return the language. */
export function hjson(): LanguageSupport {
  const more: Extension[] = [bracketMatching(), foldService.of(foldByIndent)];
  return new Support(language, more);
}
