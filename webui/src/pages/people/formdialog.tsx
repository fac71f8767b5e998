/** A form in a dialog. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Problem, problemOf } from "../../api/problem";
import { Button } from "../../parts/button";
import { Dialog, sure } from "../../parts/dialog";
import { Fault } from "../../parts/load";
import { t } from "../../strings";

/** A form in a dialog: what goes wrong stands in it, and what was typed stays. */
export function FormDialog(props: {
  title: string;
  action: string;
  close: () => void;
  /** Does it; what it throws is shown. */
  submit: () => Promise<void>;
  ready?: boolean;
  danger?: boolean;
  wide?: boolean;
  /** Whether something was typed that would be lost. */
  typed?: boolean;
  children: ComponentChildren;
}) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || props.ready === false) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await props.submit();
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    setBusy(false);
  };
  const leave = async () => {
    if (busy) return; // what comes of it is to be seen here
    if (props.typed && !(await sure({ title: t.discard, text: t.discardWhat, action: t.discardIt, danger: true })))
      return;
    props.close();
  };
  return (
    <Dialog title={props.title} onClose={() => void leave()} wide={props.wide ?? false}>
      <form onSubmit={(event) => void submit(event)} aria-label={props.title}>
        {props.children}
        {problem && <Fault problem={problem} />}
        <div class="row form-actions">
          <Button onClick={leave}>{t.cancel}</Button>
          <Button type="submit" kind={props.danger ? "danger" : "primary"} busy={busy} disabled={props.ready === false}>
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
