/** Servers that run by old settings until they are restarted. */

import { may } from "../../api/account";
import { control } from "../../api/control";
import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { tell } from "../../parts/toast";
import { hashOf } from "../../route";
import { t } from "../../strings";

/** Draw them, if there are any. */
export function Restarts() {
  const names = (store.names.value ?? []).filter((name) => store.server(name)?.value.restartToApply === true);
  if (names.length === 0) return null;
  const mine = names.filter((name) => may("server.control", name));
  const restart = async () => {
    const wanted = await sure({
      title: t.config.restartTitle,
      text: t.config.restartText(mine.join(", ")),
      action: t.config.restart,
      danger: true,
    });
    if (!wanted) return;
    for (const name of mine) {
      await control(name, "RESTART");
      tell({ kind: "good", text: t.config.restarted(name) });
    }
  };
  return (
    <div class="notice code-notice" role="status">
      <Icon name="restart" />
      <span class="grow">
        {t.config.toRestart(names.length)}{" "}
        {names.map((name, at) => (
          <span key={name}>
            {at > 0 && ", "}
            <a href={hashOf(["server", name])}>{name}</a>
          </span>
        ))}
      </span>
      {mine.length > 0 && (
        <Button small icon="restart" onClick={restart}>
          {t.config.restartThem}
        </Button>
      )}
    </div>
  );
}
