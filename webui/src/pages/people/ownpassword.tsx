/** Changing one's own password, which ends all one's sessions. */

import { useState } from "preact/hooks";
import { forget } from "../../api/account";
import { type Problem, problemOf } from "../../api/problem";
import { ask } from "../../api/request";
import { Button } from "../../parts/button";
import { sure } from "../../parts/dialog";
import { Fault } from "../../parts/load";
import { PasswordField } from "../../parts/password";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { NewPassword } from "./accountdialogs";

/** Draw it. `name` is for password managers, which keep it with the password. */
export function OwnPassword({ name }: { name: string }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const question = { title: t.account.passwordSure, text: t.account.passwordEnds, action: t.accounts.changePassword };
    if (!(await sure(question))) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await ask("account", { method: "PATCH", json: { oldPassword: old, password: fresh } });
      tell({ kind: "good", text: t.account.passwordChanged });
      forget();
    } catch (thrown) {
      setProblem(problemOf(thrown));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} aria-label={t.account.password}>
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      <PasswordField
        label={t.account.oldPassword}
        value={old}
        onInput={setOld}
        name="current-password"
        autoComplete="current-password"
        required
      />
      <NewPassword value={fresh} onInput={setFresh} />
      <p class="hint">{t.account.passwordEnds}</p>
      {problem && <Fault problem={problem} />}
      <Button type="submit" kind="primary" busy={busy} disabled={old === "" || fresh === ""}>
        {t.accounts.changePassword}
      </Button>
    </form>
  );
}
