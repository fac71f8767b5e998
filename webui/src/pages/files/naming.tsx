/** Asking for a name. */

import { useEffect, useRef, useState } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { t } from "../../strings";
import { endingAt, wrongIn } from "./paths";

const n = t.files.naming;

export interface NameQuestion {
  title: string;
  action: string;
  /** What stands there first; its stem is selected. */
  name?: string;
  folder?: boolean;
  /** Names that are taken. */
  taken: ReadonlySet<string>;
  /** Does it; what it throws is shown in the dialog, which stays open. */
  run: (name: string) => Promise<void>;
}

/** Ask for a name, and do something with it. */
export function askName(question: NameQuestion): void {
  open((close) => <NameDialog question={question} close={close} />);
}

function NameDialog({ question, close }: { question: NameQuestion; close: () => void }) {
  const { title, action, name: before = "", folder = false, taken, run } = question;
  const [name, setName] = useState(before);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const input = form.current?.querySelector("input");
    input?.focus();
    input?.setSelectionRange(0, folder ? before.length : endingAt(before));
  }, []);
  const wrong = name === before ? null : wrongIn(name);
  const isTaken = name !== before && taken.has(name);
  const told = wrong !== null && name !== "" ? n.wrong[wrong] : isTaken ? n.taken : fault;
  const submit = async (event?: Event) => {
    event?.preventDefault();
    if (busy || wrong !== null || isTaken || name === "") return;
    if (name === before) {
      close();
      return;
    }
    setBusy(true);
    setFault(undefined);
    try {
      await run(name);
      close();
    } catch (thrown) {
      setFault(problemOf(thrown).message);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" busy={busy} disabled={name === "" || wrong !== null || isTaken} onClick={() => submit()}>
            {action}
          </Button>
        </>
      }
    >
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <TextField label={n.name} value={name} onInput={setName} error={told} autoComplete="off" />
      </form>
    </Dialog>
  );
}
