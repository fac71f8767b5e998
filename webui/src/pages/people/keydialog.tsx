/** The dialog that makes a key, and shows it once. */

import { useState } from "preact/hooks";
import { apiUrl } from "../../api/base";
import { askJson } from "../../api/request";
import { Secret } from "../../parts/copy";
import { ShownOnce } from "../../parts/shownonce";
import { TextField } from "../../parts/field";
import { t } from "../../strings";
import { Expiry, type Life, secondsOf } from "./expiry";
import { FormDialog } from "./formdialog";
import { isComplete, NO_RIGHTS, RightsChoice, wishOf } from "./rightschoice";

/** Make a key. */
export function KeyDialog({ close, done }: { close: () => void; done: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [rights, setRights] = useState(NO_RIGHTS);
  const [life, setLife] = useState<Life>({ choice: "quarter", until: "" });
  const [token, setToken] = useState<string>();
  if (token !== undefined) return <Made name={name} token={token} close={close} />;
  const seconds = secondsOf(life);
  const submit = async () => {
    const wish = { name: name.trim(), ...wishOf(rights), ...(seconds ? { expiresIn: seconds } : {}) };
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
      ready={seconds !== null && isComplete(rights)}
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
      <RightsChoice
        label={t.keys.may}
        some={t.keys.maySome}
        mine={t.keys.mayMine}
        hint={t.keys.mayHint}
        rights={rights}
        onChange={setRights}
      />
    </FormDialog>
  );
}

function Made({ name, token, close }: { name: string; token: string; close: () => void }) {
  const example = `curl ${apiUrl("servers")} -H "X-API-Key: ${token}"`;
  return (
    <ShownOnce title={t.keys.made(name.trim())} close={close}>
      <p>{t.keys.shownOnce}</p>
      <Secret label={t.keys.key} text={token} />
      <Secret label={t.keys.example} text={example} />
      <p class="hint">{t.keys.exampleHint}</p>
    </ShownOnce>
  );
}
