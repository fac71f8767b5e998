/** One's own second factor: turned on with a QR code and a first code, renewed, turned off. */

import { useState } from "preact/hooks";
import { account, findOut } from "../../api/account";
import { ask, askJson } from "../../api/request";
import { Button } from "../../parts/button";
import { Secret } from "../../parts/copy";
import { open } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { PasswordField } from "../../parts/password";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { FormDialog } from "./formdialog";
import { modulesOf, qrPath } from "./qr";
import { RecoveryDialog } from "./recovery";

/** Fewer recovery codes than these are few. */
const FEW = 4;

/** Draw it. */
export function Factor() {
  const who = account.value;
  if (who === null) return null;
  return (
    <section class="card">
      <h2>{t.factor.title}</h2>
      {who.secondFactor ? (
        <>
          <p>{t.factor.isOn}</p>
          <p class={who.recoveryCodes < FEW ? "warn" : undefined}>{t.factor.left(who.recoveryCodes)}</p>
          <div class="row">
            <Button onClick={() => open((close) => <Renew close={close} />)}>{t.factor.renew}</Button>
            <Button onClick={() => open((close) => <TurnOff close={close} />)}>{t.factor.turnOff}</Button>
          </div>
        </>
      ) : (
        <>
          <p>{t.factor.isOff}</p>
          <Button kind="primary" icon="shield" onClick={() => open((close) => <TurnOn close={close} />)}>
            {t.factor.turnOn}
          </Button>
        </>
      )}
    </section>
  );
}

interface Proposed {
  secret: string;
  uri: string;
  qr: string;
}

function TurnOn({ close }: { close: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [proposed, setProposed] = useState<Proposed>();
  const [codes, setCodes] = useState<string[]>();
  if (codes !== undefined) return <RecoveryDialog codes={codes} close={close} />;
  if (proposed === undefined) {
    return (
      <FormDialog
        title={t.factor.turnOn}
        action={t.factor.next}
        close={close}
        submit={async () => setProposed(await askJson<Proposed>("account/factor", { json: { password } }))}
        ready={password !== ""}
      >
        <p>{t.factor.what}</p>
        <OwnPasswordField value={password} onInput={setPassword} />
      </FormDialog>
    );
  }
  const confirm = async () => {
    const told = await askJson<{ recovery: string[] }>("account/factor/confirm", { json: { code: plain(code) } });
    setCodes(told.recovery);
    await findOut();
  };
  return (
    <FormDialog title={t.factor.turnOn} action={t.factor.confirm} close={close} submit={confirm} ready={code !== ""}>
      <p>{t.factor.scan}</p>
      <Qr drawn={proposed.qr} />
      <Secret label={t.factor.secret} text={(proposed.secret.match(/.{1,4}/g) ?? []).join(" ")} />
      <p>
        <a href={proposed.uri}>{t.factor.openApp}</a>
      </p>
      <Code value={code} onInput={setCode} hint={t.factor.codeHint} focus />
    </FormDialog>
  );
}

function Qr({ drawn }: { drawn: string }) {
  const modules = modulesOf(drawn);
  if (modules === undefined) return null; // the secret below says the same
  const { path, side } = qrPath(modules);
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={t.factor.qr} shapeRendering="crispEdges">
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function Renew({ close }: { close: () => void }) {
  const [codes, setCodes] = useState<string[]>();
  if (codes !== undefined) return <RecoveryDialog codes={codes} close={close} />;
  const renew = async (json: object) => {
    setCodes((await askJson<{ recovery: string[] }>("account/recovery", { json })).recovery);
    await findOut();
  };
  return <Both title={t.factor.renew} text={t.factor.renewWhat} action={t.factor.renew} close={close} submit={renew} />;
}

function TurnOff({ close }: { close: () => void }) {
  const turnOff = async (json: object) => {
    await ask("account/factor", { method: "DELETE", json });
    tell({ kind: "good", text: t.factor.off });
    close();
    await findOut();
  };
  return (
    <Both
      title={t.factor.turnOff}
      text={t.factor.turnOffWhat}
      action={t.factor.turnOff}
      close={close}
      submit={turnOff}
      danger
    />
  );
}

/** A dialog that asks for the password and a code. */
function Both(props: {
  title: string;
  text: string;
  action: string;
  close: () => void;
  submit: (both: { password: string; code: string }) => Promise<void>;
  danger?: boolean;
}) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  return (
    <FormDialog
      title={props.title}
      action={props.action}
      close={props.close}
      submit={() => props.submit({ password, code: plain(code) })}
      ready={password !== "" && code !== ""}
      danger={props.danger ?? false}
    >
      <p>{props.text}</p>
      <OwnPasswordField value={password} onInput={setPassword} />
      <Code value={code} onInput={setCode} hint={t.login.codeHint} />
    </FormDialog>
  );
}

function OwnPasswordField({ value, onInput }: { value: string; onInput: (text: string) => void }) {
  return (
    <PasswordField
      label={t.factor.password}
      value={value}
      onInput={onInput}
      autoComplete="current-password"
      autoFocus
      required
    />
  );
}

function Code(props: { value: string; onInput: (text: string) => void; hint: string; focus?: boolean }) {
  return (
    <TextField
      label={t.factor.code}
      value={props.value}
      onInput={props.onInput}
      hint={props.hint}
      autoComplete="one-time-code"
      autoFocus={props.focus ?? false}
      required
    />
  );
}

/** Apps show a code as `123 456`. */
function plain(code: string): string {
  return code.replace(/\s/g, "");
}
