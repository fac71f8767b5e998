/** How the person comes in: at the start, and again over the page when the session has ended. */

import { useState } from "preact/hooks";
import { account, forget, logIn } from "../api/account";
import { problemOf } from "../api/problem";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
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
      <Button kind="quiet" onClick={forget}>
        {t.login.other}
      </Button>
    </Dialog>
  );
}

function Form({ name: known = "" }: { name?: string }) {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault(undefined);
    try {
      await logIn(name, password, code ?? "");
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind === "second-factor-needed" && code === null) {
        setCode("");
      } else {
        setFault(problem.retryAfter ? t.login.wait(problem.retryAfter) : problem.message);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} aria-label={t.login.title}>
      <TextField
        label={t.login.name}
        value={name}
        onInput={setName}
        autoComplete="username"
        autoFocus={known === ""}
        disabled={known !== ""}
        required
      />
      <TextField
        label={t.login.password}
        value={password}
        onInput={setPassword}
        type="password"
        autoComplete="current-password"
        autoFocus={known !== ""}
        required
      />
      {code !== null && (
        <TextField
          label={t.login.code}
          hint={t.login.codeHint}
          value={code}
          onInput={setCode}
          autoComplete="one-time-code"
          autoFocus
          required
        />
      )}
      {fault !== undefined && (
        <p class="bad" role="alert">
          {fault}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy}>
        {t.login.action}
      </Button>
    </form>
  );
}
