/** The dialog that makes a key, and shows it once. */

import { useState } from "preact/hooks";
import { apiUrl } from "../../api/base";
import { askJson } from "../../api/request";
import { Button } from "../../parts/button";
import { Secret } from "../../parts/copy";
import { Dialog } from "../../parts/dialog";
import { Choice, TextField } from "../../parts/field";
import { t } from "../../strings";
import { Expiry, type Life, secondsOf } from "./expiry";
import { FormDialog } from "./formdialog";
import { GrantForm, type Privileges } from "./grantform";

/** Make a key. */
export function KeyDialog({ close, done }: { close: () => void; done: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [mode, setMode] = useState<"some" | "mine">("some");
  const [privileges, setPrivileges] = useState<Privileges>({ roles: [], grants: [] });
  const [valid, setValid] = useState(true);
  const [life, setLife] = useState<Life>({ choice: "quarter", until: "" });
  const [token, setToken] = useState<string>();
  if (token !== undefined) return <Made name={name} token={token} close={close} />;
  const seconds = secondsOf(life);
  const submit = async () => {
    const rights = mode === "mine" ? {} : privileges;
    const wish = { name: name.trim(), ...rights, ...(seconds ? { expiresIn: seconds } : {}) };
    const told = await askJson<{ key: string }>("keys", { json: wish });
    setToken(told.key);
    await done();
  };
  return (
    <FormDialog
      title={t.keys.create}
      action={t.keys.make}
      close={close}
      submit={submit}
      ready={seconds !== null && (mode === "mine" || valid)}
      typed={name !== ""}
      wide
    >
      <div class="cards">
        <TextField
          label={t.keys.name}
          hint={t.keys.nameHint}
          value={name}
          onInput={setName}
          autoComplete="off"
          autoFocus
          required
        />
        <div>
          <Expiry life={life} onChange={setLife} forever />
        </div>
      </div>
      <Choice
        label={t.keys.may}
        value={mode}
        options={[
          ["some", t.keys.maySome],
          ["mine", t.keys.mayMine],
        ]}
        onChange={setMode}
        hint={t.keys.mayHint}
      />
      {mode === "some" && (
        <GrantForm
          of={privileges}
          onChange={(to, complete) => {
            setValid(complete);
            setPrivileges(to);
          }}
        />
      )}
    </FormDialog>
  );
}

function Made({ name, token, close }: { name: string; token: string; close: () => void }) {
  const example = `curl ${apiUrl("servers")} -H "X-API-Key: ${token}"`;
  return (
    <Dialog
      title={t.keys.made(name.trim())}
      onClose={close}
      firm
      actions={
        <Button kind="primary" onClick={close}>
          {t.people.noted}
        </Button>
      }
    >
      <p>{t.keys.shownOnce}</p>
      <Secret label={t.keys.key} text={token} />
      <Secret label={t.keys.example} text={example} />
      <p class="hint">{t.keys.exampleHint}</p>
    </Dialog>
  );
}
