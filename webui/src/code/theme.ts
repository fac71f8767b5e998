/** How CodeMirror looks: by the page's tokens, so that it follows light and dark by itself. The colours stand in code.css. */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--raised)", height: "100%", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--accent)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--code-selection)" },
  ".cm-content ::selection": { color: "inherit", backgroundColor: "transparent" },
  ".cm-activeLine": { backgroundColor: "var(--code-line)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--dim)", borderRight: "1px solid var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--hover)", color: "var(--text)" },
  ".cm-foldGutter span": { cursor: "pointer" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--hover)", borderColor: "var(--edge)", color: "var(--dim)", padding: "0 6px" },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": { backgroundColor: "var(--code-match)", outline: "1px solid var(--edge)" },
  "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": { backgroundColor: "transparent", outline: "1px solid var(--bad)" },
  ".cm-specialChar": { color: "var(--bad)" },
  ".cm-searchMatch": { backgroundColor: "var(--code-found)", outline: "1px solid var(--warn)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--code-found-here)", outline: "2px solid var(--warn)" },
  ".cm-selectionMatch": { backgroundColor: "var(--code-match)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--edge)", borderRadius: "8px", boxShadow: "var(--shadow)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "min(14em, 40vh)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--text)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--link)" },
  ".cm-completionDetail": { color: "var(--dim)", fontStyle: "normal", fontFamily: "var(--sans)" },
  ".cm-completionInfo": { padding: "8px 10px", maxWidth: "min(360px, 80vw)", fontFamily: "var(--sans)" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--sans)", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-lintRange": { backgroundImage: "none", textDecorationLine: "underline", textDecorationStyle: "wavy", textDecorationSkipInk: "none", textUnderlineOffset: "3px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecorationColor: "var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecorationColor: "var(--warn)" },
  ".cm-lintRange-active": { backgroundColor: "var(--hover)" },
  ".cm-lintPoint:after": { borderBottomColor: "var(--bad)" },
  ".cm-lintPoint-warning:after": { borderBottomColor: "var(--warn)" },
  // What is different: by colour, and by a mark at the edge.
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--code-added) !important" },
  ".cm-deletedChunk, .cm-deletedLine": { backgroundColor: "var(--code-removed) !important" },
  "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--code-removed) !important" },
  ".cm-changedText, &.cm-merge-b .cm-changedText": { background: "var(--code-added-text) !important" },
  ".cm-deletedText, &.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": { background: "var(--code-removed-text) !important", textDecoration: "none" },
  ".cm-changedLineGutter, &.cm-merge-b .cm-changedLineGutter": { background: "var(--good) !important" },
  ".cm-deletedLineGutter, &.cm-merge-a .cm-changedLineGutter": { background: "var(--bad) !important" },
  ".cm-collapsedLines": { backgroundImage: "none", backgroundColor: "var(--sunken)", color: "var(--dim)", borderBlock: "1px solid var(--line)", padding: "4px 10px" },
});

const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.meta, tags.documentMeta], color: "var(--code-comment)" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.controlKeyword, tags.self], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue, tags.quote], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.color, tags.unit, tags.escape], color: "var(--code-number)" },
  { tag: [tags.propertyName, tags.attributeName, tags.labelName, tags.definition(tags.propertyName), tags.definition(tags.variableName)], color: "var(--code-name)" },
  { tag: [tags.tagName, tags.typeName, tags.className, tags.namespace, tags.standard(tags.variableName)], color: "var(--code-type)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName], color: "var(--code-function)" },
  { tag: tags.heading, color: "var(--code-name)", fontWeight: "700" },
  { tag: [tags.link, tags.url], color: "var(--link)", textDecoration: "underline" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.inserted, color: "var(--good)" },
  { tag: [tags.deleted, tags.invalid], color: "var(--bad)" },
]);

/** What must be made anew when it turns light or dark: only what CodeMirror itself has two looks of. */
const shade = new Compartment();

/** Return the look. */
export function looks(light: boolean): Extension {
  return [shade.of(EditorView.darkTheme.of(!light)), look, syntaxHighlighting(colours)];
}

/** Return what makes a view light or dark. */
export function shaded(light: boolean) {
  return shade.reconfigure(EditorView.darkTheme.of(!light));
}
