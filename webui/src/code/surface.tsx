/** A CodeMirror editor in the page. */

import { EditorState, type Text } from "@codemirror/state";
import { EditorView, type ViewUpdate } from "@codemirror/view";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { light } from "../theme";
import "./code.css";
import { type Editing, editing, parts, readOnlyIf, splitAs } from "./editing";
import { type LanguageName, loadLanguage } from "./language";
import { wrap } from "./settings";
import { shaded } from "./theme";

export interface SurfaceProps extends Editing {
  doc: Text;
  language: LanguageName | undefined;
  /** Whether it is there, but not seen. */
  hidden?: boolean;
  /** Given the view when it is there, and null when it is gone. */
  onView: (view: EditorView | null) => void;
  onUpdate: (update: ViewUpdate) => void;
}

/** Draw it. What it is given at first is what it has; of later ones only the language, whether it is read-only, and the line ends. */
export function Surface(props: SurfaceProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (place.current === null) return undefined;
    const { doc, onView } = latest.current;
    const extensions = [
      EditorView.updateListener.of((update) => latest.current.onUpdate(update)),
      editing({ ...latest.current, onSave: () => latest.current.onSave?.() }),
    ];
    const one = new EditorView({ parent: place.current, state: EditorState.create({ doc, extensions }) });
    view.current = one;
    onView(one);
    return () => {
      view.current = null;
      onView(null);
      one.destroy();
    };
  }, []);
  useSignalEffect(() => {
    const effects = [shaded(light.value), parts.wrap.reconfigure(wrap.value ? EditorView.lineWrapping : [])];
    view.current?.dispatch({ effects });
  });
  useLanguage(view, props.language);
  useEffect(() => {
    const effects = [parts.readOnly.reconfigure(readOnlyIf(props.readOnly)), parts.ending.reconfigure(splitAs(props.ending))];
    view.current?.dispatch({ effects });
  }, [props.readOnly, props.ending]);
  return <div class="code" ref={place} hidden={props.hidden} />;
}

/** Load a language into a view; without one it is plain text. */
export function useLanguage(view: { current: EditorView | null }, name: LanguageName | undefined): void {
  useEffect(() => {
    let wanted = true;
    const put = async () => {
      const language = name === undefined ? [] : await loadLanguage(name);
      if (wanted) view.current?.dispatch({ effects: parts.language.reconfigure(language) });
    };
    // Without its colours a text can be edited as well.
    void put().catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [name]);
}
