/** A console that somebody has shared: for whoever has the link, without an account. */

import "./share.css";
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "preact/hooks";
import { bytes } from "../../format";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import { light } from "../../theme";
import { follow, type Following } from "./sharefollow";

/** Lines that can be scrolled back to. */
const LINES = 10_000;

const DARK = { background: "#0a0f0d", foreground: "#e6edea", cursor: "#0a0f0d" };
const LIGHT = { background: "#ffffff", foreground: "#14201c", cursor: "#ffffff" };

/** Draw it. */
export default function SharedConsole({ server, token }: { server: string; token: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<Following>("connecting");
  const terminal = useRef<Terminal | null>(null);
  useEffect(() => {
    document.title = `${t.shares.shared(server)} – ${t.product}`;
    const made = new Terminal({
      disableStdin: true,
      cursorBlink: false,
      cursorInactiveStyle: "none",
      convertEol: true,
      scrollback: LINES,
      fontSize: 13,
      screenReaderMode: true,
      minimumContrastRatio: 4.5,
      theme: light.value ? LIGHT : DARK,
    });
    const fit = new FitAddon();
    made.loadAddon(fit);
    terminal.current = made;
    if (box.current !== null) made.open(box.current);
    fit.fit();
    const watcher = new ResizeObserver(() => fit.fit());
    if (box.current !== null) watcher.observe(box.current);
    const stop = follow(server, token, {
      output: (data) => new Promise((done) => made.write(data, done)),
      gap: (lost) => made.write(`\r\n\x1b[7m ${t.shares.gap(bytes(lost))} \x1b[0m\r\n`),
      reset: () => made.reset(),
      state: setState,
    });
    return () => {
      stop();
      watcher.disconnect();
      made.dispose();
    };
  }, [server, token]);
  useEffect(() => {
    if (terminal.current !== null) terminal.current.options.theme = light.value ? LIGHT : DARK;
  }, [light.value]);
  const told = { connecting: "info", live: "good", lost: "warn", over: "bad", stopped: "bad", gone: "bad" } as const;
  return (
    <main class="shared">
      <header class="row">
        <Icon name="terminal" />
        <h1>{t.shares.shared(server)}</h1>
        <span class="dim">{t.shares.readOnly}</span>
        <div class="grow" />
        <span class={`chip ${told[state]}`} role="status">
          {t.shares[state]}
        </span>
      </header>
      <div class="shared-output" ref={box} role="region" aria-label={t.shares.output} />
    </main>
  );
}
