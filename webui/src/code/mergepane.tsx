/** Two texts to be made one: what somebody else wrote, and what comes of it together with ours. */

import { goToNextChunk, goToPreviousChunk, getChunks, getOriginalDoc, MergeView, unifiedMergeView } from "@codemirror/merge";
import { history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { EditorState, type Extension, type Range, StateField, Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap } from "@codemirror/view";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../parts/button";
import { t } from "../strings";
import { light } from "../theme";
import "./code.css";
import { basics, parts, splitAs } from "./editing";
import { type LanguageName, loadLanguage } from "./language";
import { changes } from "./linediff";
import type { Merging } from "./session";
import { wrap } from "./settings";
import { shaded } from "./theme";

/** Pixels that two texts side by side need. */
const WIDE = 900;

export interface MergePaneProps {
  merging: Merging;
  language: LanguageName | undefined;
  /** Takes what came of it. */
  onDone: (text: Text) => Promise<void>;
  onCancel: () => void;
}

/** Draw it. */
export function MergePane({ merging, language, onDone, onCancel }: MergePaneProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const views = useRef<readonly EditorView[]>([]);
  const [beside, setBeside] = useState(() => innerWidth >= WIDE);
  const [left, setLeft] = useState(0);
  const start = useRef<Text>(merging.text);
  useEffect(() => {
    if (place.current === null) return undefined;
    const one = make(place.current, merging, start.current, beside, setLeft);
    view.current = one.view;
    views.current = one.views;
    setLeft(getChunks(one.view.state)?.chunks.length ?? 0);
    if (language !== undefined) {
      const put = (found: Extension) => one.views.forEach((each) => each.dispatch({ effects: parts.language.reconfigure(found) }));
      void loadLanguage(language).then((found) => view.current === one.view && put(found), () => undefined);
    }
    one.view.focus();
    return () => {
      start.current = one.view.state.doc;
      view.current = null;
      views.current = [];
      one.destroy();
    };
  }, [merging, beside]);
  useSignalEffect(() => {
    const effects = [shaded(light.value), parts.wrap.reconfigure(wrap.value ? EditorView.lineWrapping : [])];
    for (const one of views.current) one.dispatch({ effects });
  });
  const move = (to: typeof goToNextChunk) => {
    if (view.current === null) return;
    to(view.current);
    view.current.focus();
  };
  const take = () => {
    if (view.current === null) return;
    takeTheirs(view.current, beside ? merging.theirs : getOriginalDoc(view.current.state));
    view.current.focus();
  };
  return (
    <>
      <div class="row">
        <strong>{t.code.mergeTitle}</strong>
        <span class={merging.conflicts.length > 0 ? "chip warn" : "chip good"}>
          {t.code.clashes(merging.conflicts.length)}
        </span>
        <span class="grow" />
        <span class="dim" role="status">
          {t.code.differences(left)}
        </span>
        <Button kind="quiet" icon="chevronUp" label={t.code.previousDifference} onClick={() => move(goToPreviousChunk)} />
        <Button kind="quiet" icon="chevronDown" label={t.code.nextDifference} onClick={() => move(goToNextChunk)} />
        <Button small disabled={left === 0} hint={t.code.takeHint} onClick={take}>
          {t.code.takeHere}
        </Button>
        <Button kind="quiet" class="merge-wide" pressed={beside} onClick={() => setBeside(!beside)}>
          {t.code.sideBySide}
        </Button>
        <Button onClick={onCancel}>{t.cancel}</Button>
        <Button kind="primary" onClick={() => onDone(view.current?.state.doc ?? start.current)}>
          {t.code.saveMerged}
        </Button>
      </div>
      <p class="dim">{beside ? t.code.mergeBeside : t.code.mergeHint}</p>
      {beside && (
        <div class="merge-sides" aria-hidden="true">
          <span>{t.code.theirs}</span>
          <span>{t.code.result}</span>
        </div>
      )}
      <div class="merge" ref={place} />
    </>
  );
}

/** Take theirs where the cursor is, or at the first difference behind it. */
function takeTheirs(view: EditorView, theirs: Text): void {
  const { doc, selection } = view.state;
  const chunks = getChunks(view.state)?.chunks ?? [];
  const chunk = chunks.find((one) => one.endB >= selection.main.head) ?? chunks[0];
  if (chunk === undefined) return;
  // As CodeMirror does it: a chunk ends one behind its last line.
  let insert = theirs.slice(chunk.fromA, Math.max(chunk.fromA, chunk.toA - 1));
  if (chunk.fromA !== chunk.toA && chunk.toB <= doc.length) insert = insert.append(Text.of(["", ""]));
  view.dispatch({
    changes: { from: chunk.fromB, to: Math.min(doc.length, chunk.toB), insert },
    selection: { anchor: chunk.fromB },
    scrollIntoView: true,
    userEvent: "revert",
  });
}

interface Made {
  view: EditorView;
  views: readonly EditorView[];
  destroy: () => void;
}

function make(parent: HTMLElement, merging: Merging, text: Text, beside: boolean, onCount: (count: number) => void): Made {
  const count = EditorView.updateListener.of((update) => {
    onCount(getChunks(update.state)?.chunks.length ?? 0);
  });
  const split = splitAs(merging.form.ending);
  const mine = [
    ...[basics(false), split, history(), keymap.of([...historyKeymap, indentWithTab]), count, clashes(merging)],
    EditorView.contentAttributes.of({ "aria-label": t.code.result }),
  ];
  const diffConfig = { override: changes };
  const collapseUnchanged = { margin: 3, minSize: 8 };
  if (!beside) {
    const unified = unifiedMergeView({ original: merging.theirs, collapseUnchanged, diffConfig, mergeControls: control });
    const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions: [mine, unified] }) });
    return { view, views: [view], destroy: () => view.destroy() };
  }
  const theirs = [basics(true), split, EditorView.contentAttributes.of({ "aria-label": t.code.theirs })];
  const merge = new MergeView({
    parent,
    a: { doc: merging.theirs, extensions: theirs },
    b: { doc: text, extensions: mine },
    revertControls: "a-to-b",
    renderRevertControl: () => button("→", t.code.takeTheirs),
    collapseUnchanged,
    diffConfig,
  });
  return { view: merge.b, views: [merge.a, merge.b], destroy: () => merge.destroy() };
}

function control(type: "reject" | "accept", action: (event: MouseEvent) => void): HTMLElement {
  const made = type === "accept" ? button(t.code.keepMine) : button(t.code.takeTheirs);
  made.name = type;
  made.addEventListener("mousedown", action);
  // By the keyboard there is no mouse that goes down.
  made.addEventListener("click", (event) => event.detail === 0 && action(event));
  return made;
}

function button(text: string, label?: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  if (label !== undefined) made.ariaLabel = made.title = label;
  return made;
}

const CLASH = Decoration.line({ class: "merge-clash" });

/** Marks the lines that both have changed. */
function clashes({ text, conflicts }: Merging): Extension {
  const marks: Range<Decoration>[] = [];
  for (const { from, to } of conflicts) {
    for (let at = from + 1; at <= Math.min(Math.max(to, from + 1), text.lines); at += 1) marks.push(CLASH.range(text.line(at).from));
  }
  return StateField.define<DecorationSet>({
    create: () => Decoration.set(marks),
    update: (set, transaction) => set.map(transaction.changes),
    provide: (field) => EditorView.decorations.from(field),
  });
}
