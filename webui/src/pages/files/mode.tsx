/** The mode of files: who may read, write and execute them. */

import { useState } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { Check, TextField } from "../../parts/field";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import type { Entry } from "./entries";
import { changeMode } from "./operate";
import { join } from "./paths";
import { touch } from "./touched";

const m = t.files.mode_;
const WHO = ["owner", "group", "others"] as const;
const WHAT = ["read", "write", "execute"] as const;

/** Return the octal digits with one bit of one digit turned round. */
export function turned(mode: string, who: number, what: number): string {
  const digits = [...mode.padStart(3, "0").slice(-3)].map(Number);
  digits[who] = (digits[who] ?? 0) ^ (4 >> what);
  return digits.join("");
}

/** Tell whether a bit is set. */
export function isSet(mode: string, who: number, what: number): boolean {
  return (Number(mode[who] ?? 0) & (4 >> what)) !== 0;
}

/** Return the mode that all of them have; undefined if they differ, null if it is not known of all: a link's is not that of what it leads to. */
export function modesOf(entries: readonly Pick<Entry, "mode" | "link">[]): string | null | undefined {
  const modes = new Set(entries.map((one) => (one.link ? null : (one.mode ?? null))));
  if (modes.has(null)) return null;
  return modes.size === 1 ? [...modes][0] : undefined;
}

/** Ask for the mode of names in a folder, and change it. `now` is that of all of them, as `modesOf` tells it. */
export function askMode(
  server: string,
  folder: string,
  names: readonly string[],
  now: string | null | undefined,
  start: string,
): void {
  open((close) => <ModeDialog server={server} folder={folder} names={names} now={now} start={start} close={close} />);
}

interface Props {
  server: string;
  folder: string;
  names: readonly string[];
  now: string | null | undefined;
  start: string;
  close: () => void;
}

function ModeDialog({ server, folder, names, now, start, close }: Props) {
  const [mode, setMode] = useState(now ?? start);
  const [fault, setFault] = useState<string>();
  const good = /^[0-7]{3}$/.test(mode);
  const apply = async () => {
    if (!good) return;
    try {
      for (const name of names) await changeMode(server, join(folder, name), mode);
      close();
      touch(server, folder);
      tell({ kind: "good", text: m.done });
    } catch (thrown) {
      setFault(problemOf(thrown).message);
    }
  };
  return (
    <Dialog
      title={names.length === 1 ? m.title(names[0] ?? "") : m.titleMany(names.length)}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" disabled={!good} onClick={apply}>
            {m.apply}
          </Button>
        </>
      }
    >
      {typeof now !== "string" && <p class="hint">{now === null ? m.unknown : m.different}</p>}
      <div class="modes">
        {WHO.map((who, row) => (
          <fieldset key={who}>
            <legend>{m.who[who]}</legend>
            {WHAT.map((what, column) => (
              <Check
                key={what}
                label={m.what[what]}
                checked={good && isSet(mode, row, column)}
                onChange={() => setMode(turned(good ? mode : "000", row, column))}
              />
            ))}
          </fieldset>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        <TextField
          label={m.octal}
          value={mode}
          onInput={setMode}
          inputMode="numeric"
          error={good ? fault : m.wrong}
          autoComplete="off"
        />
      </form>
    </Dialog>
  );
}
