/** The line below a console that is typed: with a history, suggestions and completion; what is typed is never lost. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { t } from "../../strings";
import { completions } from "./completion";
import { keepTyped, typedFor } from "./draft";
import type { ConsoleModel } from "./model";
import { pasted } from "./paste";

/** Lines of output in which words are looked for. */
const LOOKED_AT = 300;
const MOST_FOUND = 8;

/** A list above the line: lines of the history that were searched, or words that may be meant. */
interface Choices {
  kind: "search" | "words";
  items: readonly string[];
  at: number;
  /** What stands around the word: before, and behind it. */
  before: string;
  behind: string;
  typed: string;
}

/** Draw it. */
export function Input({ model }: { model: ConsoleModel }) {
  const { history } = model;
  const [text, setText] = useState(() => typedFor(model.name));
  const [choices, setChoices] = useState<Choices | null>(null);
  const [plainTab, setPlainTab] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const place = useRef<number | null>(null);
  const open = model.link.value.is === "open";
  const disabled = model.settings.value !== null && !model.mayType;

  const change = (next: string, cursor = next.length) => {
    keepTyped(model.name, next);
    setText(next);
    place.current = cursor;
  };
  // Right when it is drawn: a moment later more may have been typed.
  useLayoutEffect(() => {
    if (place.current !== null) field.current?.setSelectionRange(place.current, place.current);
    place.current = null;
  });
  useEffect(() => {
    model.typeHere = (more) => {
      change(typedFor(model.name) + more);
      field.current?.focus();
    };
    // On a phone the keyboard would cover the output.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, [model]);

  const send = () => {
    if (choices !== null) return choose(choices);
    if (!model.send([text])) return;
    history.add(text);
    change("");
    model.toEnd();
  };
  const choose = (from: Choices) => {
    const item = from.items[from.at];
    setChoices(null);
    if (from.kind === "search") change(item ?? from.typed);
    else if (item !== undefined) change(from.before + item + from.behind, from.before.length + item.length);
  };
  const input = (next: string) => {
    keepTyped(model.name, next);
    history.typed();
    setText(next);
    setPlainTab(false);
    if (choices?.kind === "search") setChoices({ ...choices, items: history.find(next, MOST_FOUND), at: 0 });
    else setChoices(null);
  };
  const complete = (): boolean => {
    const cursor = field.current?.selectionStart ?? text.length;
    const { begin, words } = completions(text, cursor, history.lines, model.screen.text(LOOKED_AT));
    if (words.length === 0) return false;
    const found: Choices = { kind: "words", items: words.slice(0, MOST_FOUND), at: 0, before: text.slice(0, begin), behind: text.slice(cursor), typed: text };
    if (words.length === 1) choose(found);
    else setChoices(found);
    return true;
  };
  const suggestion = choices === null ? history.suggestion(text) : null;
  const look = (line: string | null) => line !== null && change(line);

  const key = (event: KeyboardEvent): boolean => {
    const move = event.key === "ArrowDown" || (event.key === "Tab" && !event.shiftKey) ? 1 : -1;
    if (choices !== null) {
      const count = Math.max(1, choices.items.length);
      switch (event.key) {
        case "Escape":
          setChoices(null);
          setPlainTab(true);
          if (choices.kind === "search") change(choices.typed);
          return true;
        case "ArrowDown":
        case "ArrowUp":
        case "Tab":
          // The list of a search stands with the latest at its top.
          setChoices({ ...choices, at: (choices.at + move + count) % count });
          return true;
      }
    }
    if (event.ctrlKey && !event.altKey && event.key === "r") {
      if (choices?.kind === "search") setChoices({ ...choices, at: (choices.at + 1) % Math.max(1, choices.items.length) });
      else search();
      return true;
    }
    switch (event.key) {
      case "Enter":
        if (event.isComposing) return false;
        send();
        return true;
      case "ArrowUp":
        look(history.older(text));
        return true;
      case "ArrowDown":
        look(history.newer(text));
        return true;
      case "Tab":
        return !event.shiftKey && !plainTab && text.trim() !== "" && complete();
      case "ArrowRight":
      case "End":
        if (suggestion === null || field.current?.selectionStart !== text.length) return false;
        change(suggestion);
        return true;
      case "Escape":
        setPlainTab(true);
        return false;
      case "PageUp":
        model.screen.terminal.scrollPages(-1);
        return true;
      case "PageDown":
        model.screen.terminal.scrollPages(1);
        return true;
      default:
        return false;
    }
  };
  const search = () => {
    setChoices({ kind: "search", items: history.find(text, MOST_FOUND), at: 0, before: "", behind: "", typed: text });
    field.current?.focus();
  };
  const status = !open && model.link.value.is !== "connecting" ? t.console.offline : model.state.value?.status === 1 || model.state.value === null ? "" : t.console.notUp;
  return (
    <div class="console-input">
      {choices !== null && (
        <ul class="console-choices" role="listbox" id="console-choices" aria-label={choices.kind === "search" ? t.console.history : t.console.words}>
          {choices.items.length === 0 && <li class="dim">{t.console.noneFound}</li>}
          {choices.items.map((item, at) => (
            <li
              key={item}
              id={`console-choice-${at}`}
              role="option"
              aria-selected={at === choices.at}
              onPointerDown={(event) => {
                event.preventDefault();
                choose({ ...choices, at });
              }}
            >
              {item}
            </li>
          ))}
        </ul>
      )}
      <form
        class="row tight"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div class="console-line">
          <span class="console-prompt" aria-hidden="true">
            ›
          </span>
          {suggestion !== null && (
            <span class="console-suggestion" aria-hidden="true">
              <span>{text}</span>
              {suggestion.slice(text.length)}
            </span>
          )}
          <input
            ref={field}
            type="text"
            role="combobox"
            aria-label={choices?.kind === "search" ? t.console.searchHistory : t.console.input(model.name)}
            aria-autocomplete="list"
            aria-expanded={choices !== null}
            aria-controls="console-choices"
            aria-activedescendant={choices !== null && choices.items.length > 0 ? `console-choice-${choices.at}` : undefined}
            aria-describedby="console-input-about"
            disabled={disabled}
            placeholder={disabled ? t.console.readOnlyWhy : choices?.kind === "search" ? t.console.searchHistory : t.console.placeholder}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            enterKeyHint="send"
            value={text}
            onInput={(event) => input(event.currentTarget.value)}
            onBlur={() => setChoices(null)}
            onKeyDown={(event) => key(event) && event.preventDefault()}
            onPaste={(event) => {
              const found = event.clipboardData?.getData("text/plain") ?? "";
              if (!/[\r\n]/.test(found.replace(/\r?\n$/, ""))) return;
              event.preventDefault();
              const { selectionStart: begin, selectionEnd: end } = event.currentTarget;
              pasted(model, text.slice(0, begin ?? undefined) + found + text.slice(end ?? text.length), () => change(""));
            }}
          />
        </div>
        <Button small kind="quiet" icon="clock" label={t.console.history} disabled={disabled} onClick={search} />
        <Button kind="primary" type="submit" disabled={disabled || !open}>
          {t.console.send}
        </Button>
      </form>
      <div class="console-about hint" id="console-input-about" role="status">
        {model.typing.waiting.value > 0 ? t.console.waiting(model.typing.waiting.value) : status}
      </div>
    </div>
  );
}
