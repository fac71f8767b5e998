/** The console of a server: what it says, as it says it, and what it is told. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Button } from "../../parts/button";
import { copyText } from "../../parts/copy";
import { Icon } from "../../parts/icon";
import { Waiting } from "../../parts/load";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { light } from "../../theme";
import type { ServerPageProps } from "../server";
import { Bar } from "./bar";
import "./console.css";
import { Input } from "./input";
import { Keys } from "./keys";
import { ConsoleModel } from "./model";
import { DARK, LIGHT } from "./palette";
import { preferences } from "./preferences";
import { Search } from "./search";
import { Tools } from "./tools";

/** Draw it. */
export default function Console({ name }: ServerPageProps) {
  const model = useMemo(() => new ConsoleModel(name), [name]);
  const large = useSignal(false);
  const self = useRef<HTMLElement>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    model.screen.open(element);
    const observer = new ResizeObserver(() => model.fit());
    observer.observe(element);
    model.fit();
    return () => {
      observer.disconnect();
      model.close();
    };
  }, [model]);
  useSignalEffect(() => {
    model.screen.terminal.options.theme = { ...(light.value ? LIGHT : DARK) };
  });
  useSignalEffect(() => {
    const { fontSize, wrap, reader } = preferences.value;
    const { options } = model.screen.terminal;
    options.fontSize = fontSize;
    options.screenReaderMode = reader;
    model.screen.wrap = wrap;
    model.fit();
  });
  useEffect(() => {
    const left = () => {
      if (document.fullscreenElement === null) large.value = false;
    };
    document.addEventListener("fullscreenchange", left);
    return () => document.removeEventListener("fullscreenchange", left);
  }, []);
  // What it covers cannot be reached by the keyboard either.
  useEffect(() => {
    if (!large.value || self.current === null) return undefined;
    const covered = around(self.current);
    for (const one of covered) one.inert = true;
    return () => {
      for (const one of covered) one.inert = false;
    };
  }, [large.value]);
  const enlarge = () => {
    large.value = !large.value;
    // Of the whole page, so that dialogs and messages are seen; phones that cannot have it as large as their window.
    if (large.value) void document.documentElement.requestFullscreen?.().catch(() => undefined);
    else if (document.fullscreenElement !== null) void document.exitFullscreen();
  };
  const leave = () => self.current?.querySelector<HTMLElement>(".console-tools button")?.focus();
  model.onKey = (event) => keyPressed(model, event, leave);

  const { atEnd, atTop, news } = model.place.value;
  const terminal = model.settings.value !== null && !model.lines;
  return (
    <section
      ref={self}
      class={["console", large.value && "large", terminal && "has-terminal", !preferences.value.wrap && model.lines && "wide"].filter(Boolean).join(" ")}
      aria-label={t.console.title(name)}
      onKeyDown={(event) => {
        if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "f") return;
        if (terminal && !event.shiftKey && box.current?.contains(event.target as Node)) return;
        event.preventDefault();
        model.searching.value = true;
      }}
    >
      <div class="console-head">
        <Bar model={model} large={large.value} />
        <Tools model={model} large={large.value} enlarge={enlarge} />
      </div>
      {model.searching.value && <Search model={model} />}
      <div class="console-screen">
        <div
          ref={box}
          class="console-box"
          onWheel={(event) => {
            if (event.deltaY < 0 && model.place.value.atTop && model.screen.oldest !== null) model.loadOlder();
          }}
        />
        {model.settings.value === null && model.link.value.is === "connecting" && <Waiting />}
        {atTop && !terminal && (!atEnd || model.older.value !== "none") && <Older model={model} />}
        {!atEnd && (
          <Button small class="console-below" icon="chevronDown" onClick={() => model.toEnd()}>
            {news ? t.console.news : t.console.toEnd}
          </Button>
        )}
      </div>
      <RemarkList model={model} />
      {terminal ? (
        <>
          {model.mayType && <Keys model={model} />}
          <Sized model={model} />
        </>
      ) : (
        <Input model={model} />
      )}
    </section>
  );
}

/** Return what stands around an element on the page, but for dialogs and messages. */
function around(element: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let one: HTMLElement | null = element; one !== null && !one.classList.contains("frame"); one = one.parentElement) {
    for (const other of one.parentElement?.children ?? []) if (other !== one && other instanceof HTMLElement) found.push(other);
  }
  return found;
}

function keyPressed(model: ConsoleModel, event: KeyboardEvent, leave: () => void): boolean {
  const forProgram = !model.lines && model.mayType;
  if (event.type !== "keydown") return forProgram;
  if (event.ctrlKey && event.key === "F6") {
    event.preventDefault();
    leave();
    return false;
  }
  const selected = model.screen.terminal.hasSelection();
  if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "c" && selected) {
    event.preventDefault();
    document.execCommand("copy");
    return false;
  }
  if (forProgram) return !(event.ctrlKey && event.shiftKey && /^[fv]$/i.test(event.key));
  const { terminal } = model.screen;
  switch (event.key) {
    case "PageUp":
      terminal.scrollPages(-1);
      break;
    case "PageDown":
      terminal.scrollPages(1);
      break;
    case "Home":
      terminal.scrollToTop();
      break;
    case "End":
      terminal.scrollToBottom();
      break;
    case "ArrowUp":
      terminal.scrollLines(-1);
      break;
    case "ArrowDown":
      terminal.scrollLines(1);
      break;
    default:
      // Who types while he looks at the output means the line below it.
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || !model.mayType) return false;
      model.typeHere(event.key);
  }
  event.preventDefault();
  return false;
}

function Older({ model }: { model: ConsoleModel }) {
  const older = model.older.value;
  if (older === "loading") return <div class="console-older">{t.loading}</div>;
  return (
    <div class="console-older">
      {older === "maybe" ? (
        <Button small icon="chevronUp" onClick={() => model.loadOlder()}>
          {t.console.older}
        </Button>
      ) : (
        <span>
          {t.console.noOlder} <a href={hashOf(["server", model.name, "logs"])}>{t.console.logs}</a>
        </span>
      )}
    </div>
  );
}

function RemarkList({ model }: { model: ConsoleModel }) {
  return (
    <div class="console-remarks" aria-live="polite">
      {model.typing.remarks.all.value.map((one) => (
        <div key={one.id} class={`console-remark ${one.kind}`}>
          <Icon name={one.kind === "notice" ? "info" : "alert"} />
          <span class="grow">
            {one.text}
            {one.lines.length > 0 && <code class="clip">{one.lines.slice(0, 3).join(" ⏎ ")}</code>}
          </span>
          {one.lines.length === 1 && model.lines && (
            <Button
              small
              onClick={() => {
                model.typing.remarks.dismiss(one.id);
                model.typeHere(one.lines[0] ?? "");
              }}
            >
              {t.console.putBack}
            </Button>
          )}
          {one.lines.length > 1 && (
            <Button small icon="copy" onClick={() => copyText(one.lines.join("\n"))}>
              {t.copy}
            </Button>
          )}
          <Button small kind="quiet" icon="x" label={t.close} onClick={() => model.typing.remarks.dismiss(one.id)} />
        </div>
      ))}
    </div>
  );
}

function Sized({ model }: { model: ConsoleModel }) {
  const size = model.state.value?.terminal ?? model.settings.value?.terminal;
  return (
    <div class="console-about hint">
      <span class="console-keyhelp">{model.mayType ? t.console.keysGo : t.console.readOnlyWhy}</span> {size && t.console.size(size.columns, size.rows)}{" "}
      {model.mayType && (
        <button type="button" class="console-claim" onClick={() => model.claim()}>
          {t.console.claim}
        </button>
      )}
    </div>
  );
}
