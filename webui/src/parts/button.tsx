/** Buttons: while what they do is going on they say so, and what went wrong is told. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { problemOf } from "../api/problem";
import { Icon, type IconName } from "./icon";
import { tell } from "./toast";

export interface ButtonProps {
  /** What it says; without children only its icon is seen, and this is its label and its hint. */
  label?: string;
  icon?: IconName;
  kind?: "plain" | "primary" | "danger" | "quiet";
  disabled?: boolean | undefined;
  pressed?: boolean | undefined;
  type?: "button" | "submit";
  /** Why it is disabled, or what else there is to know. */
  hint?: string | undefined;
  /** Whether it is at work, beside what `onClick` waits for. */
  busy?: boolean | undefined;
  /** Whether something goes on that it stands for; unlike one that is busy, it can be pressed. */
  going?: boolean | undefined;
  small?: boolean;
  class?: string;
  /** Its promise is waited for; what it throws is told in a toast. */
  onClick?: (event: MouseEvent) => unknown;
  children?: ComponentChildren;
}

/** A button. One that stands for an icon alone needs a `label`. */
export function Button(props: ButtonProps) {
  const [working, setWorking] = useState(false);
  const here = useRef(true);
  useEffect(() => () => void (here.current = false), []);
  const busy = working || props.busy === true;
  const click = async (event: MouseEvent) => {
    const done = props.onClick?.(event);
    if (!(done instanceof Promise)) return;
    setWorking(true);
    try {
      await done;
    } catch (thrown) {
      tell(problemOf(thrown));
    } finally {
      if (here.current) setWorking(false);
    }
  };
  const bare = props.children === undefined;
  const names = ["button", props.kind ?? "plain", bare && "bare", props.small && "small", props.class];
  return (
    <button
      type={props.type ?? "button"}
      class={names.filter(Boolean).join(" ")}
      disabled={props.disabled || busy}
      aria-busy={busy}
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.hint ?? (bare ? props.label : undefined)}
      onClick={click}
    >
      {busy || props.going ? <span class="spinner" aria-hidden="true" /> : props.icon && <Icon name={props.icon} />}
      {!bare && <span>{props.children}</span>}
    </button>
  );
}
