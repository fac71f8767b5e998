/** A dialog that shows what will not be shown again: it is left only by saying that it was kept. */

import type { ComponentChildren } from "preact";
import { t } from "../strings";
import { Button } from "./button";
import { Dialog } from "./dialog";

/** Draw it. */
export function ShownOnce(props: { title: string; close: () => void; children: ComponentChildren }) {
  const noted = (
    <Button kind="primary" onClick={props.close}>
      {t.people.noted}
    </Button>
  );
  return (
    <Dialog title={props.title} onClose={props.close} firm actions={noted}>
      {props.children}
    </Dialog>
  );
}
