/** The line above a console: why its server is as it is, what comes next, and how the connection is. */

import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { Icon } from "../../parts/icon";
import { Status, statusOf } from "../../parts/status";
import { now } from "../../parts/time";
import { moment } from "../../format";
import { Buttons } from "../../servers/buttons";
import { t } from "../../strings";
import { Next } from "../servers/row";
import type { ConsoleModel } from "./model";

/** Seconds after which it is told that the connection is cut. */
const PATIENCE = 1;

/** Draw it; where it is all that is seen, with the server's name and buttons. */
export function Bar({ model, large }: { model: ConsoleModel; large: boolean }) {
  const server = store.server(model.name)?.value;
  return (
    <div class="console-bar">
      {large && <strong class="clip">{model.name}</strong>}
      {large && server && <Status server={server} />}
      <div class="console-why" role="status">
        <Connection model={model} />
        {server && server.reason !== statusOf(server).text && <span class="clip">{server.reason}</span>}
        {server && (
          <span class="dim" aria-live="off">
            <Next server={server} />
          </span>
        )}
      </div>
      {large && server && <Buttons name={model.name} server={server} />}
    </div>
  );
}

function Connection({ model }: { model: ConsoleModel }) {
  const link = model.link.value;
  const settings = model.settings.value;
  if (link.is === "ended") {
    return (
      <span class="console-link bad">
        <Icon name="alert" />
        {t.console.ended[link.kind]} {link.kind === "refused" && link.why}
        <Button small icon="refresh" onClick={() => model.retry()}>
          {t.again}
        </Button>
      </span>
    );
  }
  if (link.is === "login") return <span class="console-link warn">{t.console.login}</span>;
  if (link.is === "cut" && now.value * 1000 - link.since > PATIENCE * 1000) {
    return (
      <span class="console-link warn">
        <Icon name="alert" />
        {t.console.cut(moment(link.since / 1000))} {link.why}
      </span>
    );
  }
  if (settings?.readOnly) {
    return (
      <span class="chip plain warn" title={t.console.readOnlyWhy}>
        <Icon name="eye" /> {t.console.readOnly}
      </span>
    );
  }
  return null;
}
