/** What goes with a text that is edited in a page: nothing is lost by leaving, and changes on the disk are noticed. */

import { useEffect, useRef } from "preact/hooks";
import { tell } from "../parts/toast";
import { guard } from "../route";
import { t } from "../strings";
import type { Session } from "./session";

/** Let Ctrl-S save wherever the focus is, but in a dialog: the browser would offer to save the page. */
export function useSaveKey(save: () => void): void {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const wanted = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "s";
      if (!wanted || event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** Watch over a text while it is drawn; returns what lets the page be left without a question. */
export function useEditing(session: Session): () => void {
  const free = useRef(false);
  useEffect(() => {
    free.current = false;
    const unguard = guard(() => session.dirty.value && !free.current);
    const look = () => {
      if (document.visibilityState !== "visible") {
        session.flush();
        return;
      }
      void session.look().then((shown) => shown && tell({ kind: "info", text: t.editor.reloaded }));
    };
    const flush = () => session.flush();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", flush);
    return () => {
      unguard();
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
      removeEventListener("pagehide", flush);
      session.leave();
    };
  }, [session]);
  return () => void (free.current = true);
}
