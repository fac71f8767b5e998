/** How the person comes in: at the start, and again over the page when the session has ended. */

import { useState } from "preact/hooks";
import { account, forget, logIn } from "../api/account";
import { problemOf } from "../api/problem";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
import { PasswordField } from "../parts/password";
import { now } from "../parts/time";
import { t } from "../strings";

/** The login page. */
export function Login() {
  return (
    <main class="login">
      <div class="card">
        <h1 class="brand">
          <img src="./favicon.svg" alt="" />
          {t.product}
        </h1>
        <Form />
        <First />
      </div>
    </main>
  );
}

/** The same over the page, which stays as it is. */
export function LoginAgain() {
  return (
    <Dialog title={t.login.again} onClose={() => undefined} firm>
      <p>{t.login.againWhy}</p>
      <Form name={account.value?.name ?? ""} />
      <p class="login-other">
        <Button kind="quiet" small onClick={forget}>
          {t.login.other}
        </Button>
      </p>
    </Dialog>
  );
}

function Form({ name: known = "" }: { name?: string }) {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const [fault, setFault] = useState<string>();
  const [until, setUntil] = useState(0);
  const [busy, setBusy] = useState(false);
  const waits = Math.ceil(until - now.value);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || waits > 0) return;
    setBusy(true);
    setFault(undefined);
    setUntil(0);
    try {
      await logIn(name, password, code === null ? "" : code.trim());
    } catch (thrown) {
      const problem = problemOf(thrown);
      // Some other answer than that a code is missing: of the code that was sent, or of the password.
      if (problem.kind === "second-factor-needed" && code === null) setCode("");
      else if (problem.retryAfter === undefined) setFault(problem.message);
      else setUntil(Date.now() / 1000 + problem.retryAfter);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} aria-label={t.login.title}>
      <TextField
        label={t.login.name}
        name="username"
        value={name}
        onInput={setName}
        autoComplete="username"
        autoFocus={known === ""}
        readOnly={known !== ""}
        required
      />
      <PasswordField
        label={t.login.password}
        value={password}
        onInput={setPassword}
        autoComplete="current-password"
        autoFocus={known !== ""}
        required
      />
      {code !== null && (
        <TextField
          label={t.login.code}
          name="code"
          hint={`${t.login.codeHint}. ${t.login.recoveryHint}`}
          value={code}
          onInput={setCode}
          autoComplete="one-time-code"
          autoFocus
          required
        />
      )}
      <div role="alert" class="login-fault">
        {until > 0 ? (
          <p class={waits > 0 ? "warn" : "good"}>
            {/* Counted down for the eye alone: a screen reader is told once, and when it is over. */}
            {waits > 0 && <span class="hidden">{t.login.waitFor}</span>}
            <span aria-hidden={waits > 0}>{waits > 0 ? t.login.wait(waits) : t.login.waited}</span>
          </p>
        ) : (
          fault !== undefined && <p class="bad">{fault}</p>
        )}
      </div>
      <Button type="submit" kind="primary" busy={busy} disabled={waits > 0}>
        {t.login.action}
      </Button>
    </form>
  );
}

function First() {
  return (
    <details class="login-first">
      <summary>{t.login.first}</summary>
      <p class="hint">{t.login.firstHint}</p>
    </details>
  );
}
