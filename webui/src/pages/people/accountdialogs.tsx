/** The dialogs of the accounts: a new one, its rights, its name, its password. */

import { useState } from "preact/hooks";
import { account } from "../../api/account";
import { ask } from "../../api/request";
import { Button } from "../../parts/button";
import { Secret } from "../../parts/copy";
import { Dialog, sure } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { PasswordField } from "../../parts/password";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { FormDialog } from "./formdialog";
import { GrantForm, type Privileges } from "./grantform";
import { isComplete, NO_RIGHTS, RightsChoice, wishOf } from "./rightschoice";
import { newPassword } from "./password";
import { mayManage, type Person } from "./people";

interface Props {
  close: () => void;
  done: () => Promise<void>;
}

/** A field for a new password, with one that nobody has thought of on offer. */
export function NewPassword({ value, onInput }: { value: string; onInput: (text: string) => void }) {
  const [made, setMade] = useState(false);
  const make = () => {
    setMade(true);
    onInput(newPassword());
  };
  return (
    <PasswordField
      label={t.accounts.newPassword}
      value={value}
      onInput={onInput}
      name="new-password"
      autoComplete="new-password"
      hint={t.accounts.newPasswordHint}
      shown={made}
      required
    >
      <Button onClick={make}>{t.accounts.generate}</Button>
    </PasswordField>
  );
}

function Shown({ title, text, secret, close }: { title: string; text: string; secret: string; close: () => void }) {
  return (
    <Dialog title={title} onClose={close} actions={<Button onClick={close}>{t.close}</Button>}>
      <p>{text}</p>
      <Secret label={t.accounts.passwordShown} text={secret} />
    </Dialog>
  );
}

/** Make an account. */
export function NewAccount({ close, done }: Props) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [rights, setRights] = useState(NO_RIGHTS);
  const [made, setMade] = useState(false);
  if (made) {
    return <Shown title={t.accounts.created(name)} text={t.accounts.tellPassword} secret={password} close={close} />;
  }
  const submit = async () => {
    await ask("accounts", { json: { username: name.trim(), password, ...wishOf(rights) } });
    await done();
    setMade(true);
  };
  return (
    <FormDialog
      title={t.accounts.create}
      action={t.accounts.make}
      close={close}
      submit={submit}
      ready={isComplete(rights)}
      typed={name !== "" || password !== ""}
      wide
    >
      <div class="cards">
        <TextField label={t.accounts.name} value={name} onInput={setName} autoComplete="off" autoFocus required />
        <NewPassword value={password} onInput={setPassword} />
      </div>
      <RightsChoice
        label={t.accounts.may}
        some={t.accounts.maySome}
        mine={t.accounts.mayMine}
        hint={rights.mode === "mine" ? t.accounts.mayMineHint : undefined}
        rights={rights}
        onChange={setRights}
      />
    </FormDialog>
  );
}

/** Say what an account may do. */
export function RightsDialog(props: Props & { name: string; person: Person; last: boolean }) {
  const { name, person, close, done } = props;
  const before: Privileges = { roles: person.roles, grants: person.grants };
  const [privileges, setPrivileges] = useState(before);
  const [valid, setValid] = useState(true);
  const same = JSON.stringify(privileges) === JSON.stringify(before);
  const me = name === account.value?.name;
  const submit = async () => {
    const lost = mayManage(person) && !mayManage({ ...privileges, disabled: false });
    if (lost && (me || props.last)) {
      const text = [me ? t.accounts.loseOwn : "", props.last ? t.accounts.last : ""].join(" ");
      if (!(await sure({ title: t.accounts.loseSure, text, action: t.save, danger: true }))) return;
    }
    await ask("accounts", { method: "PATCH", query: { username: name }, json: privileges });
    tell({ kind: "good", text: t.accounts.changed(name) });
    close();
    await done();
  };
  return (
    <FormDialog
      title={t.accounts.rightsOf(name)}
      action={t.save}
      close={close}
      submit={submit}
      ready={valid && !same}
      typed={!same}
      wide
    >
      {me && <p class="notice">{t.accounts.ownRights}</p>}
      <GrantForm
        of={privileges}
        onChange={(to, complete) => {
          setValid(complete);
          setPrivileges(to);
        }}
      />
    </FormDialog>
  );
}

/** Rename an account. */
export function NameDialog({ name, close, done }: Props & { name: string }) {
  const [now, setNow] = useState(name);
  const submit = async () => {
    await ask("accounts", { method: "PATCH", query: { username: name }, json: { username: now.trim() } });
    tell({ kind: "good", text: t.accounts.renamed(name, now.trim()) });
    close();
    await done();
  };
  return (
    <FormDialog
      title={t.accounts.renameOf(name)}
      action={t.accounts.rename}
      close={close}
      submit={submit}
      ready={now.trim() !== "" && now.trim() !== name}
    >
      <TextField
        label={t.accounts.newName}
        value={now}
        onInput={setNow}
        autoComplete="off"
        autoFocus
        hint={t.accounts.renameHint}
        required
      />
    </FormDialog>
  );
}

/** Give an account another password. */
export function PasswordDialog({ name, close, done }: Props & { name: string }) {
  const [password, setPassword] = useState("");
  const [changed, setChanged] = useState(false);
  if (changed) {
    return <Shown title={t.accounts.passwordOf(name)} text={t.accounts.tellPassword} secret={password} close={close} />;
  }
  const submit = async () => {
    await ask("accounts", { method: "PATCH", query: { username: name }, json: { password } });
    await done();
    setChanged(true);
  };
  return (
    <FormDialog
      title={t.accounts.passwordOf(name)}
      action={t.accounts.changePassword}
      close={close}
      submit={submit}
      ready={password !== ""}
      typed={password !== ""}
    >
      <p>{t.accounts.passwordEnds(name)}</p>
      <NewPassword value={password} onInput={setPassword} />
    </FormDialog>
  );
}
