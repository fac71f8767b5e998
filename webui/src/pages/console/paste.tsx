/** Several lines that were pasted are commands: they are shown first, and sent one by one. */

import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { t } from "../../strings";
import type { ConsoleModel } from "./model";

/** Lines that are shown. */
const SHOWN = 200;

/** Return the lines of a text; an end of the last one is no line of its own. */
export function linesOf(text: string): string[] {
  return text.replace(/(?:\r\n|\r|\n)$/, "").split(/\r\n|\r|\n/);
}

/** Ask whether lines shall be sent, and send them; `sent` is called then. */
export function pasted(model: ConsoleModel, text: string, sent: () => void): void {
  const lines = linesOf(text);
  open((close) => {
    const send = () => {
      if (!model.send(lines)) return;
      for (const line of lines.slice(-20)) model.history.add(line);
      sent();
      close();
    };
    return (
      <Dialog
        wide
        title={t.console.paste(lines.length)}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>{t.cancel}</Button>
            <Button kind="primary" disabled={model.link.value.is !== "open"} onClick={send}>
              {t.console.sendLines(lines.length)}
            </Button>
          </>
        }
      >
        <p>{t.console.pasteWhy}</p>
        <pre class="console-paste" tabIndex={0}>
          {lines.slice(0, SHOWN).join("\n")}
        </pre>
        {lines.length > SHOWN && <p class="dim">{t.console.pasteMore(lines.length - SHOWN)}</p>}
      </Dialog>
    );
  });
}
