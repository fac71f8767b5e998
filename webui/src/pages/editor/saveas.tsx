/** Saving what was typed as another file. */

import { useState } from "preact/hooks";
import { Problem, problemOf } from "../../api/problem";
import type { Session } from "../../code/session";
import { encode } from "../../code/textform";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { t } from "../../strings";
import { FileSource } from "./filesource";

export interface SaveAsProps {
  server: string;
  path: string;
  session: Session;
  close: () => void;
  onSaved: (path: string) => void;
}

/** Ask for the path, and do it. */
export function SaveAs({ server, path: before, session, close, onSaved }: SaveAsProps) {
  const [path, setPath] = useState(before);
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    setWrong(undefined);
    try {
      await new FileSource(server, path).write(encode(session.doc.toString(), session.form.value), null);
      close();
      onSaved(path);
    } catch (thrown) {
      const problem: Problem = problemOf(thrown);
      setWrong(problem.status === 412 ? t.editor.exists : problem.message);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t.editor.saveAsTitle}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={path.trim() === ""} onClick={save}>
            {t.save}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void save();
        }}
      >
        <TextField label={t.editor.path} value={path} onInput={setPath} hint={t.editor.saveAsHint} error={wrong} autoFocus />
      </form>
    </Dialog>
  );
}
