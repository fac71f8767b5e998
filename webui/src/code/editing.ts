/** What a CodeMirror editor of ours can do, whatever it edits. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, foldService, indentOnInput, indentUnit } from "@codemirror/language";
import { gotoLine, highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { light } from "../theme";
import { nonce } from "../nonce";
import { t } from "../strings";
import { foldByIndent } from "./folding";
import { wrap } from "./settings";
import type { Ending } from "./textform";
import { looks } from "./theme";

/** What can change while it is open. */
export const parts = {
  language: new Compartment(),
  wrap: new Compartment(),
  readOnly: new Compartment(),
  ending: new Compartment(),
};

export interface Editing {
  /** What a screen reader calls it. */
  label: string;
  /** The id of what explains it. */
  about?: string;
  readOnly: boolean;
  /** By how much lines are indented. */
  indent: string;
  ending: Ending;
  /** Called by Ctrl-S. */
  onSave?: () => void;
  more?: Extension;
}

/** Return what cannot be typed in, but be focused, searched and copied from. */
export function readOnlyIf(is: boolean): Extension {
  return is ? [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-readonly": "true" })] : [];
}

/** Return how lines are split: where they end in many ways, each `\r` is a character that is seen and kept. */
export function splitAs(ending: Ending): Extension {
  return ending === "mixed" ? EditorState.lineSeparator.of("\n") : [];
}

/** Return what each of our editors has, also the two of a merge. */
export function basics(readOnly: boolean): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    EditorState.phrases.of(t.code.phrases),
    looks(light.peek()),
    parts.wrap.of(wrap.peek() ? EditorView.lineWrapping : []),
    parts.language.of([]),
    parts.readOnly.of(readOnlyIf(readOnly)),
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    rectangularSelection(),
    crosshairCursor(),
    bracketMatching(),
    highlightSelectionMatches(),
    keymap.of([...defaultKeymap, ...searchKeymap]),
  ];
}

/** Return all of it. */
export function editing(how: Editing): Extension {
  const save = () => {
    how.onSave?.();
    return true; // else the browser would save the page
  };
  return [
    how.more ?? [],
    Prec.high(
      keymap.of([
        { key: "Mod-s", run: save, scope: "editor search-panel", preventDefault: true },
        { key: "Mod-g", run: gotoLine, preventDefault: true },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...foldKeymap, ...historyKeymap, indentWithTab]),
    basics(how.readOnly),
    parts.ending.of(splitAs(how.ending)),
    EditorView.contentAttributes.of({
      "aria-label": how.label,
      ...(how.about === undefined ? {} : { "aria-describedby": how.about }),
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
    indentUnit.of(how.indent),
    EditorState.tabSize.of(4),
    history(),
    codeFolding(),
    foldGutter({ openText: "▾", closedText: "▸" }),
    // After what the language knows of itself.
    Prec.lowest(foldService.of(foldByIndent)),
    indentOnInput(),
    closeBrackets(),
    autocompletion(),
    dropCursor(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    search({ top: true }),
  ];
}
