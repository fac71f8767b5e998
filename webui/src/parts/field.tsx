/** A labelled field of a form, with a hint and what is wrong with it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  /** Draws the control, which takes these attributes. */
  children: (attributes: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ComponentChildren;
}

/** A field. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const about = hint !== undefined || error !== undefined ? `${id}-about` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": error !== undefined })}
      {about && (
        <div id={about} class={error === undefined ? "hint" : "hint wrong"}>
          {error ?? hint}
        </div>
      )}
    </div>
  );
}

export interface TextFieldProps {
  label: string;
  value: string;
  onInput: (text: string) => void;
  type?: "text" | "password" | "search" | "number" | "datetime-local" | "date";
  hint?: ComponentChildren;
  error?: string | undefined;
  autoComplete?: string;
  autoFocus?: boolean;
  required?: boolean;
  placeholder?: string;
  disabled?: boolean;
  /** What password managers go by, with `autoComplete`. */
  name?: string;
  /** It cannot be changed, but belongs to what is sent: a password manager takes the name from it. */
  readOnly?: boolean;
  inputMode?: "text" | "numeric" | "search";
  spellcheck?: boolean;
}

/** A field for a line of text. */
export function TextField({ label, value, onInput, hint, error, type = "text", autoFocus, ...rest }: TextFieldProps) {
  const self = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The attribute counts only in a dialog that is opened, and for the first element of a page.
    if (autoFocus) self.current?.focus();
  }, []);
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <input
          {...attributes}
          {...rest}
          spellcheck={rest.spellcheck ?? false}
          ref={self}
          autofocus={autoFocus ?? false}
          type={type as "text"} // Preact's types have a kind of element for each
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A box to tick, with its text. */
export function Check(props: {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled ?? false}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

/** A choice among a few. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  hint?: ComponentChildren;
  disabled?: boolean;
}) {
  return (
    <Field label={props.label} hint={props.hint}>
      {(attributes) => (
        <select
          {...attributes}
          value={props.value}
          disabled={props.disabled ?? false}
          onChange={(event) => props.onChange(event.currentTarget.value as T)}
        >
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
