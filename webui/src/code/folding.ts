/** Folding by how far lines are indented, for languages that know no other way. */

import type { EditorState } from "@codemirror/state";

/** How many lines are looked at for the end of what is folded. */
const FAR = 5000;

/** Return what is folded below a line: the lines behind it that are indented further. */
export function foldByIndent(state: EditorState, start: number): { from: number; to: number } | null {
  const first = state.doc.lineAt(start);
  const depth = indentOf(first.text, state.tabSize);
  if (depth < 0) return null;
  let end = first.number;
  const last = Math.min(state.doc.lines, first.number + FAR);
  for (let at = first.number + 1; at <= last; at += 1) {
    const found = indentOf(state.doc.line(at).text, state.tabSize);
    if (found < 0) continue; // an empty line ends nothing
    if (found <= depth) break;
    end = at;
  }
  return end === first.number ? null : { from: first.to, to: state.doc.line(end).to };
}

function indentOf(text: string, tab: number): number {
  let depth = 0;
  for (const character of text) {
    if (character === " ") depth += 1;
    else if (character === "\t") depth += tab - (depth % tab);
    else if (character !== "\r") return depth;
  }
  return -1;
}
