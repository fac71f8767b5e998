/** What shall happen to a file whose name is taken: asked one after the other, or once for all. */

import { useState } from "preact/hooks";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { Check } from "../../../parts/field";
import { t } from "../../../strings";
import { join } from "../paths";
import type { Decision } from "./queue";
import { looked, transfers } from "./transfers";

const u = t.files.upload;

/** Draw the question, if there is one. */
export function Asked() {
  const [all, setAll] = useState(false);
  void looked.value;
  const [task] = transfers.list(["asking"], 1);
  if (task === undefined) return null;
  const answer = (decision: Decision) => {
    transfers.decide(task, decision, all);
    looked.value += 1; // at once: the next click is an answer to the next question
  };
  const others = transfers.counts().asking + transfers.counts().waiting + transfers.counts().running > 1;
  return (
    <Dialog
      key={task.id}
      title={u.existsTitle}
      onClose={() => answer("skip")}
      actions={
        <>
          <Button onClick={() => answer("skip")}>{u.skip}</Button>
          <Button onClick={() => answer("both")}>{u.both}</Button>
          <Button kind="danger" onClick={() => answer("replace")}>
            {u.replace}
          </Button>
        </>
      }
    >
      <p>{u.existsText(join(task.folder, task.name))}</p>
      {others && <Check label={u.forAll} checked={all} onChange={setAll} />}
    </Dialog>
  );
}
