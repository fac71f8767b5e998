/** What part of a log is shown: a time, and a text. */

import { useEffect, useState } from "preact/hooks";
import { daemonTime } from "../../live/store";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { t } from "../../strings";
import { type Asked, type Range, RANGES } from "./asked";

/** Milliseconds after which what was typed is asked for. */
const SETTLED = 400;

/** What is often looked for: in words that many programs use. */
const PRESETS = {
  errors: "\\b(error|errors|exception|fatal|severe|panic|critical|traceback)\\b",
  warnings: "\\bwarn(ing|ings)?\\b",
} as const;

/** Draw it. */
export function Filters({ asked, change }: { asked: Asked; change: (next: Partial<Asked>) => void }) {
  const [text, setText] = useState(asked.text);
  useEffect(() => setText(asked.text), [asked.text]);
  useEffect(() => {
    if (text === asked.text) return undefined;
    const timer = setTimeout(() => change({ text }), SETTLED);
    return () => clearTimeout(timer);
  }, [text, asked.text]);
  const preset = (expression: string) => {
    const on = asked.regex && asked.text === expression;
    change({ text: on ? "" : expression, regex: !on, exact: false });
  };
  return (
    <div class="log-filters" role="search" aria-label={t.logs.filters}>
      <select aria-label={t.logs.range} class="log-range" value={asked.range} onChange={(event) => change(rangeOf(event.currentTarget.value as Range))}>
        {RANGES.map((range) => (
          <option key={range} value={range}>
            {t.logs.ranges[range]}
          </option>
        ))}
      </select>
      <div class="log-grep">
        <input
          type="search"
          aria-label={t.logs.grep}
          placeholder={t.logs.grep}
          spellcheck={false}
          autocomplete="off"
          maxLength={1000}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && change({ text })}
        />
        <Button small kind="quiet" pressed={asked.exact} label={t.console.matchCase} hint={t.console.matchCase} onClick={() => change({ exact: !asked.exact })}>
          Aa
        </Button>
        <Button small kind="quiet" pressed={asked.regex} label={t.console.regex} hint={t.logs.regexHint} onClick={() => change({ regex: !asked.regex })}>
          .*
        </Button>
      </div>
      {(["errors", "warnings"] as const).map((name) => (
        <Button key={name} small pressed={asked.regex && asked.text === PRESETS[name]} onClick={() => preset(PRESETS[name])}>
          {t.logs[name]}
        </Button>
      ))}
      {asked.range === "own" && (
        <div class="log-own">
          <Moment label={t.logs.from} at={asked.from} change={(from) => change({ from })} />
          <Moment label={t.logs.to} at={asked.to} change={(to) => change({ to })} />
        </div>
      )}
    </div>
  );
}

function rangeOf(range: Range): Partial<Asked> {
  if (range !== "own") return { range, from: null, to: null };
  const now = Math.floor(daemonTime());
  return { range, from: now - 3600, to: null };
}

function Moment({ label, at, change }: { label: string; at: number | null; change: (at: number | null) => void }) {
  return (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="datetime-local"
          step="1"
          value={at === null ? "" : localText(at)}
          onChange={(event) => {
            const seconds = new Date(event.currentTarget.value).getTime() / 1000;
            change(Number.isFinite(seconds) ? seconds : null);
          }}
        />
      )}
    </Field>
  );
}

/** Return a moment as its field has it: in local time. */
function localText(at: number): string {
  const then = new Date(at * 1000);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
