/** What is asked of the API when a page is drawn: loading, a fault with a way to try again, or the answer. */

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Problem, problemOf } from "../api/problem";
import { t } from "../strings";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";

export interface Loaded<T> {
  /** What was answered last; it stays while it is asked again. */
  data: T | undefined;
  problem: Problem | undefined;
  loading: boolean;
  /** Ask again. */
  reload: () => Promise<void>;
  /** Put something else in place of what was answered. */
  replace: (data: T) => void;
}

/** Ask when first drawn, and again when one of `causes` changes; an older answer never overtakes a newer one. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, causes: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data?: T; problem?: Problem; loading: boolean }>({ loading: true });
  const latest = useRef<AbortController | null>(null);
  const reload = useCallback(async () => {
    latest.current?.abort();
    const one = new AbortController();
    latest.current = one;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await load(one.signal);
      if (latest.current === one) setState({ data, loading: false });
    } catch (thrown) {
      if (latest.current !== one || one.signal.aborted) return;
      setState((before) => ({ ...before, problem: problemOf(thrown), loading: false }));
    }
  }, causes);
  useEffect(() => {
    setState({ loading: true });
    void reload();
    return () => latest.current?.abort();
  }, [reload]);
  const replace = useCallback((data: T) => setState({ data, loading: false }), []);
  return { data: state.data, problem: state.problem, loading: state.loading, reload, replace };
}

/** Draw what was answered; before that, that it is awaited, or what went wrong. */
export function Load<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  if (of.data === undefined) {
    return of.problem ? <Fault problem={of.problem} again={of.reload} /> : <Waiting />;
  }
  return (
    <>
      {of.problem && <Fault problem={of.problem} again={of.reload} />}
      {children(of.data)}
    </>
  );
}

/** That something is awaited; it is seen only if that takes a moment. */
export function Waiting({ label = t.loading }: { label?: string }) {
  return (
    <div class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      <span>{label}</span>
    </div>
  );
}

/** What went wrong. */
export function Fault({ problem, again }: { problem: Problem; again?: () => unknown }) {
  return (
    <div class="fault" role="alert">
      <Icon name="alert" />
      <span>{problem.message}</span>
      {again && (
        <Button small icon="refresh" onClick={again}>
          {t.again}
        </Button>
      )}
    </div>
  );
}

/** That there is nothing, and what one can do about it. */
export function Empty({ icon, text, children }: { icon: IconName; text: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p>{text}</p>
      {children}
    </div>
  );
}
