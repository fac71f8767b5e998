/** A field for a password: it can be shown, and says when Caps Lock is on. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../strings";
import { Button } from "./button";
import { Field } from "./field";

/** The field. `name` and `autoComplete` are what password managers go by. */
export function PasswordField(props: {
  label: string;
  value: string;
  onInput: (text: string) => void;
  autoComplete: "current-password" | "new-password";
  name?: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  autoFocus?: boolean;
  required?: boolean;
  /** Another control behind it, such as one that makes a password. */
  children?: ComponentChildren;
  /** Whether it is shown to begin with. */
  shown?: boolean;
}) {
  const [shown, setShown] = useState(props.shown ?? false);
  const [caps, setCaps] = useState(false);
  const self = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.autoFocus) self.current?.focus();
  }, []);
  useEffect(() => {
    if (props.shown) setShown(true);
  }, [props.shown]);
  const look = (event: KeyboardEvent) => setCaps(event.getModifierState?.("CapsLock") ?? false);
  return (
    <Field label={props.label} hint={caps ? <span class="warn">{t.capsLock}</span> : props.hint} error={props.error}>
      {(attributes) => (
        <div class="row tight">
          <input
            {...attributes}
            ref={self}
            autofocus={props.autoFocus ?? false}
            class={shown ? "grow mono" : "grow"}
            type={(shown ? "text" : "password") as "password"} // Preact's types have a kind of element for each
            name={props.name ?? "password"}
            autoComplete={props.autoComplete}
            autocapitalize="off"
            spellcheck={false}
            required={props.required ?? false}
            value={props.value}
            onInput={(event) => props.onInput(event.currentTarget.value)}
            onKeyDown={look}
            onKeyUp={look}
            onBlur={() => setCaps(false)}
          />
          <Button
            kind="quiet"
            icon={shown ? "eyeOff" : "eye"}
            label={shown ? t.hidePassword : t.showPassword}
            onClick={() => setShown(!shown)}
          />
          {props.children}
        </div>
      )}
    </Field>
  );
}
