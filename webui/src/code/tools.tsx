/** Buttons around a text, and the line below it that tells where the cursor is. */

import { redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import { indentUnit } from "@codemirror/language";
import { gotoLine, openSearchPanel } from "@codemirror/search";
import type { EditorState } from "@codemirror/state";
import type { EditorView, ViewUpdate } from "@codemirror/view";
import { type Signal, signal } from "@preact/signals";
import { Button } from "../parts/button";
import { Menu } from "../parts/menu";
import { t } from "../strings";
import { type LanguageName, languageNames } from "./language";
import type { Session } from "./session";
import { chooseSize, chooseWrap, size, wrap } from "./settings";
import type { Ending } from "./textform";

/** What is told of a view while one types. */
export interface Where {
  line: number;
  column: number;
  selected: number;
  cursors: number;
  undo: boolean;
  redo: boolean;
}

/** Return a signal for it. */
export function whereabouts(): Signal<Where> {
  return signal({ line: 1, column: 1, selected: 0, cursors: 1, undo: false, redo: false });
}

/** Tell it after a change. */
export function tellWhere(where: Signal<Where>, update: ViewUpdate): void {
  if (!update.docChanged && !update.selectionSet) return;
  const now = whereIn(update.state);
  const before = where.peek();
  if ((Object.keys(now) as (keyof Where)[]).some((key) => now[key] !== before[key])) where.value = now;
}

function whereIn(state: EditorState): Where {
  const { main, ranges } = state.selection;
  const line = state.doc.lineAt(main.head);
  return {
    line: line.number,
    column: main.head - line.from + 1,
    selected: ranges.reduce((sum, range) => sum + range.to - range.from, 0),
    cursors: ranges.length,
    undo: undoDepth(state) > 0,
    redo: redoDepth(state) > 0,
  };
}

export interface ToolsProps {
  view: () => EditorView | null;
  where: Signal<Where>;
  readOnly: boolean;
}

/** Buttons that every text has. */
export function Tools({ view, where, readOnly }: ToolsProps) {
  const run = (command: (view: EditorView) => unknown, focus = true) => {
    const one = view();
    if (one === null) return;
    command(one);
    if (focus) one.focus();
  };
  return (
    <>
      {!readOnly && (
        <>
          <Button kind="quiet" icon="undo" label={t.code.undo} disabled={!where.value.undo} onClick={() => run(undo)} />
          <Button kind="quiet" icon="redo" label={t.code.redo} disabled={!where.value.redo} onClick={() => run(redo)} />
        </>
      )}
      <Button kind="quiet" icon="search" label={t.code.find} onClick={() => run(openSearchPanel, false)} />
      <Menu
        label={t.code.view}
        icon="eye"
        items={[
          { label: t.code.goto, icon: "list", run: () => run(gotoLine, false) },
          { label: t.code.wrap, ...(wrap.value ? { icon: "check" as const } : {}), run: () => chooseWrap(!wrap.value) },
          { label: t.code.larger, icon: "plus", run: () => chooseSize(size.value + 1) },
          { label: t.code.smaller, icon: "minus", run: () => chooseSize(size.value - 1) },
        ]}
      />
    </>
  );
}

export interface StatusProps {
  session: Session;
  where: Signal<Where>;
  readOnly: boolean;
  /** The id of what explains the keys. */
  about: string;
  language: LanguageName | undefined;
  /** Without it, the language is what it is. */
  onLanguage?: (name: LanguageName | undefined) => void;
}

/** The line below a text. */
export function StatusBar({ session, where, readOnly, about, language, onLanguage }: StatusProps) {
  const { line, column, selected, cursors } = where.value;
  const form = session.form.value;
  const unit = session.view?.state.facet(indentUnit) ?? "  ";
  return (
    <div class="code-bar">
      <span class="code-form">{t.code.at(line, column)}</span>
      {selected > 0 && <span>{t.code.selected(selected)}</span>}
      {cursors > 1 && <span>{t.code.cursors(cursors)}</span>}
      <span id={about} class="code-keys" title={t.code.keys}>
        {t.code.keys}
      </span>
      <span class="code-form">{unit === "\t" ? t.code.tabs : t.code.spaces(unit.length)}</span>
      <span class="code-form">{form.mark ? t.code.mark : t.code.noMark}</span>
      <select
        aria-label={t.code.ending}
        title={t.code.ending}
        value={form.ending}
        disabled={readOnly}
        onChange={(event) => session.reform({ ...form, ending: event.currentTarget.value as Ending })}
      >
        <option value="lf">{t.code.endings.lf}</option>
        <option value="crlf">{t.code.endings.crlf}</option>
        {form.ending === "mixed" && <option value="mixed">{t.code.endings.mixed}</option>}
      </select>
      {onLanguage && (
        <select
          aria-label={t.code.language}
          title={t.code.language}
          value={language ?? ""}
          onChange={(event) => onLanguage((event.currentTarget.value || undefined) as LanguageName | undefined)}
        >
          <option value="">{t.code.plain}</option>
          {languageNames.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
