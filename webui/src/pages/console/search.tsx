/** Search in what the terminal shows. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { t } from "../../strings";
import { light } from "../../theme";
import type { ConsoleModel } from "./model";

/** Draw it. */
export function Search({ model }: { model: ConsoleModel }) {
  const { search } = model.screen;
  const [text, setText] = useState("");
  const [caseSensitive, setCase] = useState(false);
  const [regex, setRegex] = useState(false);
  const [found, setFound] = useState<{ at: number; count: number } | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const wrong = regex && !isRegex(text);
  const options = {
    caseSensitive,
    regex,
    // Colours of the page; xterm takes no variables.
    decorations: light.value
      ? { matchBackground: "#ffe08a", activeMatchBackground: "#f7a600", matchOverviewRuler: "#8a5200", activeMatchColorOverviewRuler: "#b91c1c" }
      : { matchBackground: "#6b5410", activeMatchBackground: "#c27c00", matchOverviewRuler: "#fbbf24", activeMatchColorOverviewRuler: "#f87171" },
  };
  const find = (back: boolean, incremental = false) => {
    if (text === "" || wrong) return;
    if (back) search.findPrevious(text, options);
    else search.findNext(text, { ...options, incremental });
  };
  // At once: what is typed right behind Ctrl-F is meant for it.
  useLayoutEffect(() => field.current?.focus(), []);
  useEffect(() => {
    const heard = search.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ at: resultIndex, count: resultCount }),
    );
    return () => {
      heard.dispose();
      search.clearDecorations();
      model.screen.terminal.clearSelection();
    };
  }, []);
  useEffect(() => {
    if (text === "" || wrong) {
      search.clearDecorations();
      setFound(null);
    } else {
      search.findPrevious(text, { ...options, incremental: true });
    }
  }, [text, caseSensitive, regex, light.value]);
  const close = () => {
    model.searching.value = false;
    model.focus();
  };
  return (
    <div class="console-search" role="search">
      <input
        ref={field}
        type="search"
        aria-label={t.console.search}
        placeholder={t.console.search}
        aria-invalid={wrong}
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") find(!event.shiftKey); // from the end upwards, as one reads
          else if (event.key === "Escape") close();
          else return;
          event.preventDefault();
        }}
      />
      <span class="console-found" role="status">
        {wrong ? t.console.noRegex : text !== "" && found ? t.console.found(found.at + 1, found.count) : ""}
      </span>
      <Button small kind="quiet" icon="chevronUp" label={t.console.previous} onClick={() => find(true)} />
      <Button small kind="quiet" icon="chevronDown" label={t.console.following} onClick={() => find(false)} />
      <Button small kind="quiet" pressed={caseSensitive} label={t.console.matchCase} hint={t.console.matchCase} onClick={() => setCase(!caseSensitive)}>
        Aa
      </Button>
      <Button small kind="quiet" pressed={regex} label={t.console.regex} hint={t.console.regex} onClick={() => setRegex(!regex)}>
        .*
      </Button>
      <Button small kind="quiet" icon="x" label={t.close} onClick={close} />
    </div>
  );
}

function isRegex(text: string): boolean {
  try {
    return Boolean(new RegExp(text, "u")) || true;
  } catch {
    return false;
  }
}
