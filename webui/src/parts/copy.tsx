/** Copying a text: a button that says when it is done, also where the browser has no clipboard for pages without TLS. */

import "./copy.css";
import { useEffect, useState } from "preact/hooks";
import { t } from "../strings";
import { Button } from "./button";
import { tell } from "./toast";

/** Milliseconds for which a button says that it has copied. */
const SAID = 2000;

/** Copy a text; returns whether that worked. `near` is an element beside which the page may be used (a dialog). */
export async function copyText(text: string, near: Element = document.body): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard (undefined), and it may be refused.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  field.setAttribute("aria-hidden", "true");
  // What is outside of an open dialog cannot have the focus.
  (near.closest("dialog") ?? document.body).append(field);
  const before = document.activeElement;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** A button that copies a text. */
export function CopyButton({ text, label, small = true }: { text: string; label?: string; small?: boolean }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), SAID);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (event: MouseEvent) => {
    if (await copyText(text, event.currentTarget as Element)) setDone(true);
    else tell({ kind: "warning", text: t.copyByHand });
  };
  return (
    <Button small={small} icon={done ? "check" : "copy"} onClick={copy}>
      {done ? t.copied : (label ?? t.copy)}
    </Button>
  );
}

/** A text that is shown only now, such as a key: it can be selected with one click, and copied. */
export function Secret({ label, text }: { label: string; text: string }) {
  return (
    <div class="secret">
      <div class="secret-label">
        <span>{label}</span>
        <CopyButton text={text} />
      </div>
      <pre class="secret-text" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
