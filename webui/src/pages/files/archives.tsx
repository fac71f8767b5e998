/** Making archives and taking them apart. */

import { useState } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { Choice, TextField } from "../../parts/field";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { skippedIn } from "../jobs/about";
import { type Format, FORMATS, pack, unpack } from "./operate";
import { endingAt, join, nameOf, parentOf, wrongIn } from "./paths";
import { Picker } from "./picker";
import { touch } from "./touched";

const a = t.files.pack;
const x = t.files.unpack;

interface Packing {
  server: string;
  folder: string;
  names: readonly string[];
  /** Names that are taken there. */
  taken: ReadonlySet<string>;
}

/** Ask how names of a folder shall be archived, and do it. */
export function askPack(packing: Packing): void {
  open((close) => <PackDialog {...packing} close={close} />);
}

function PackDialog({ server, folder, names, taken, close }: Packing & { close: () => void }) {
  const [format, setFormat] = useState<Format>("zip");
  const stem = names.length === 1 ? (names[0] ?? "") : nameOf(folder) || server;
  const [name, setName] = useState(stem.replace(/^\.+/, "") || "archive");
  const whole = `${name}.${format}`;
  const wrong = name === "" ? t.files.naming.wrong.empty : undefined;
  const bad = wrongIn(whole);
  const told = wrong ?? (bad === null ? undefined : t.files.naming.wrong[bad]) ?? (taken.has(whole) ? t.files.naming.taken : undefined);
  const run = () => {
    if (told !== undefined) return;
    close();
    pack(server, folder, [...names], join(folder, whole), format)
      .then(() => tell({ kind: "good", text: a.done(whole) }))
      .catch((thrown: unknown) => tell(problemOf(thrown)))
      .finally(() => touch(server, folder));
  };
  return (
    <Dialog
      title={a.title(names.length)}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" disabled={told !== undefined} onClick={run}>
            {a.action}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <TextField label={a.name} value={name} onInput={setName} hint={whole} error={told} autoComplete="off" autoFocus />
        <Choice
          label={a.format}
          value={format}
          options={(Object.keys(FORMATS) as Format[]).map((one) => [one, a.formats[one]] as const)}
          onChange={setFormat}
        />
      </form>
    </Dialog>
  );
}

/** Ask where an archive in a folder shall be taken apart, and do it. */
export function askUnpack(server: string, folder: string, name: string): void {
  open((close) => <UnpackDialog server={server} folder={folder} name={name} close={close} />);
}

function UnpackDialog({ server, folder, name, close }: { server: string; folder: string; name: string; close: () => void }) {
  const own = name.slice(0, endingAt(name)) || `${name} files`;
  const [where, setWhere] = useState<"own" | "here" | "other">("own");
  const start = (dest: string) => {
    void extract(server, join(folder, name), dest);
  };
  const run = () => {
    close();
    if (where !== "other") return start(where === "own" ? join(folder, own) : folder);
    open((done) => (
      <Picker
        server={server}
        start={folder}
        title={t.files.picker.extract(name)}
        action={t.files.picker.extractHere}
        onClose={done}
        onChosen={(dest) => {
          done();
          start(dest);
        }}
      />
    ));
  };
  return (
    <Dialog
      title={x.title(name)}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" onClick={run}>
            {x.action}
          </Button>
        </>
      }
    >
      <Choice
        label={x.where}
        value={where}
        options={[
          ["own", x.own(own)],
          ["here", x.here],
          ["other", x.other],
        ]}
        hint={x.overwrites}
        onChange={setWhere}
      />
    </Dialog>
  );
}

async function extract(server: string, path: string, dest: string): Promise<void> {
  try {
    const job = await unpack(server, path, dest);
    // Members that were seen, also those that were left out.
    const { entries } = (job?.result ?? {}) as { entries?: number };
    const skipped = skippedIn(job ?? { result: null });
    if (skipped.count === 0) {
      tell({ kind: "good", text: x.done(entries ?? 0) });
    } else {
      const action = { label: x.show, run: () => showSkipped(skipped) };
      tell({ kind: "warning", text: x.skipped(Math.max(0, (entries ?? 0) - skipped.count), skipped.count), action });
    }
  } catch (thrown) {
    tell(problemOf(thrown));
  } finally {
    touch(server, dest, parentOf(path), parentOf(dest));
  }
}

function showSkipped(skipped: ReturnType<typeof skippedIn>): void {
  open((close) => (
    <Dialog title={x.skippedTitle} onClose={close} wide actions={<Button onClick={close}>{t.close}</Button>}>
      <ul class="skipped">
        {skipped.told.map(({ path, reason }) => (
          <li key={path}>
            <span class="mono">{path}</span>: {reason}
          </li>
        ))}
        {skipped.count > skipped.told.length && <li>{x.skippedMore(skipped.count - skipped.told.length)}</li>}
      </ul>
    </Dialog>
  ));
}
