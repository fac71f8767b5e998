/** Dialogs, by the browser's own <dialog>: it keeps the focus inside, and Escape closes it. */

import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../strings";
import { Button } from "./button";
import { placeToasts } from "./toast";

export interface DialogProps {
  title: string;
  /** Called when the person wants to leave it. */
  onClose: () => void;
  /** Buttons at its end. */
  actions?: ComponentChildren;
  wide?: boolean;
  /** Whether it can only be left by its actions. */
  firm?: boolean;
  children?: ComponentChildren;
}

/** Those that are drawn, in the order in which they lie on each other. */
const stack: HTMLDialogElement[] = [];

/**
 * Open one again that is still drawn, below those that lie on it: at the second Escape, or when "back" is pressed twice
 * on a phone, the browser closes a dialog whatever we say.
 */
function keep(dialog: HTMLDialogElement): void {
  const at = stack.indexOf(dialog);
  if (at < 0 || dialog.open) return;
  for (const one of stack.slice(at)) {
    one.close();
    one.showModal();
  }
}

/** A dialog that is open for as long as it is drawn. */
export function Dialog({ title, onClose, actions, wide, firm, children }: DialogProps) {
  const self = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = self.current;
    const before = document.activeElement;
    if (dialog === null) return undefined;
    dialog.showModal();
    stack.push(dialog);
    placeToasts(dialog);
    return () => {
      stack.splice(stack.indexOf(dialog), 1);
      placeToasts(stack.at(-1) ?? null);
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={self}
      onClose={(event) => event.target === event.currentTarget && keep(event.currentTarget)}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      onCancel={(event) => {
        // Also what bubbles up from elements within, such as a file chooser that is closed.
        if (event.target !== self.current) return;
        event.preventDefault();
        if (!firm) onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === self.current && !firm) onClose();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          {!firm && <Button kind="quiet" icon="x" label={t.close} onClick={onClose} />}
        </header>
        <div class="dialog-content">{children}</div>
        {actions && <footer>{actions}</footer>}
      </div>
    </dialog>
  );
}

interface Open {
  id: number;
  render: (close: () => void) => JSX.Element;
}

const opened = signal<readonly Open[]>([]);
let count = 0;

/** Show what `render` draws, a `Dialog`, until the function that it is given is called. */
export function open(render: (close: () => void) => JSX.Element): void {
  opened.value = [...opened.value, { id: (count += 1), render }];
}

/** Where dialogs are that `open` shows; stands once in the page. */
export function Dialogs() {
  return (
    <>
      {opened.value.map(({ id, render }) => (
        <Shown
          key={id}
          render={render}
          close={() => void (opened.value = opened.value.filter((one) => one.id !== id))}
        />
      ))}
    </>
  );
}

function Shown({ render, close }: { render: Open["render"]; close: () => void }) {
  return render(close);
}

export interface Question {
  title: string;
  text: ComponentChildren;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
}

/** Ask whether something shall be done; resolves to the answer. */
export function sure(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    open((close) => {
      const answer = (is: boolean) => {
        close();
        resolve(is);
      };
      return (
        <Dialog
          title={question.title}
          onClose={() => answer(false)}
          actions={
            <>
              <Button onClick={() => answer(false)}>{t.cancel}</Button>
              <Button kind={question.danger ? "danger" : "primary"} onClick={() => answer(true)}>
                {question.action}
              </Button>
            </>
          }
        >
          <p>{question.text}</p>
        </Dialog>
      );
    });
  });
}
