/** A console that somebody has shared: for whoever has the link, without an account. */

import "./share.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverPath, socketUrl } from "../../api/base";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import { light } from "../../theme";
import { Link, type LinkState } from "../console/link";
import { DARK, LIGHT } from "../console/palette";
import type { Heard, Size } from "../console/protocol";
import { Screen } from "../console/screen";

/** `over`: the link is good for nothing; `stopped`: it was, and has ended; `gone`: the server has. */
type Following = "connecting" | "live" | "lost" | "over" | "stopped" | "gone";

const TONES = { connecting: "info", live: "good", lost: "warn", over: "bad", stopped: "bad", gone: "bad" } as const;

/** Draw it. */
export default function SharedConsole({ server, token }: { server: string; token: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<Following>("connecting");
  useEffect(() => {
    document.title = `${t.shares.shared(server)} – ${t.product}`;
    if (box.current === null) return undefined;
    return follow(server, token, box.current, setState);
  }, [server, token]);
  return (
    <main class="shared">
      <header class="row">
        <Icon name="terminal" />
        <h1>{t.shares.shared(server)}</h1>
        <span class="dim">{t.shares.readOnly}</span>
        <div class="grow" />
        <span class={`chip ${TONES[state]}`} role="status">
          {t.shares[state]}
        </span>
      </header>
      <div class="shared-output" ref={box} role="region" aria-label={t.shares.output} />
    </main>
  );
}

/** Show the console in a box until the function that is returned is called. */
function follow(server: string, token: string, box: HTMLElement, tell: (state: Following) => void): () => void {
  let size: Size | null = null;
  const screen = new Screen({
    fontSize: 13,
    reader: true,
    palette: light.value ? LIGHT : DARK,
    typed: () => undefined,
    drawn: () => undefined,
    key: () => true,
    torn: () => undefined,
  });
  const fit = () => screen.resize(size);
  const become = (now: Size | null) => {
    size = now;
    screen.become(now === null, false);
    fit();
  };
  const hear = (event: Heard) => {
    switch (event.type) {
      case "settings":
      case "state":
        return become(event.terminal);
      case "output":
        return screen.put({ kind: "output", offset: event.offset, data: event.data });
      case "gap":
        return screen.put({ kind: "gap", bytes: event.to - event.from });
      case "reset":
        if (screen.oldest !== null) screen.put({ kind: "reset" });
        return;
      default:
        return; // what concerns input, of which there is none
    }
  };
  let known = false;
  const changed = (state: LinkState) => {
    known ||= state.is === "open";
    tell(followingOf(state, known));
  };
  screen.open(box);
  const watcher = new ResizeObserver(fit);
  watcher.observe(box);
  const untheme = light.subscribe((is) => void (screen.terminal.options.theme = { ...(is ? LIGHT : DARK) }));
  const link = new Link({
    url: (query) => socketUrl(serverPath(server, "console"), { share: token, ...query }),
    heard: hear,
    changed,
    unsure: () => undefined,
    // There is nothing by which one could come in but the link.
    logIn: () => Promise.reject(new Error("a share has no login")),
    check: () => Promise.resolve(false),
  });
  return () => {
    link.close();
    untheme();
    watcher.disconnect();
    screen.close();
  };
}

function followingOf(state: LinkState, known: boolean): Following {
  switch (state.is) {
    case "connecting":
      return "connecting";
    case "open":
      return "live";
    case "cut":
      return "lost";
    case "login":
      return known ? "stopped" : "over";
    default:
      return state.kind === "removed" ? "gone" : "stopped";
  }
}
