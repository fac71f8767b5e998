/** The line above a console: how its server is, why, what comes next, and what can be done about it. */

import { may } from "../../api/account";
import { type Action, control } from "../../api/control";
import { store } from "../../live/store";
import type { Server } from "../../live/types";
import { Button } from "../../parts/button";
import { sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Menu } from "../../parts/menu";
import { statusOf } from "../../parts/status";
import { now, Until } from "../../parts/time";
import { moment } from "../../format";
import { t } from "../../strings";
import type { ConsoleModel } from "./model";

/** Seconds after which it is told that the connection is cut. */
const PATIENCE = 1;

/** Draw it. */
export function Bar({ model }: { model: ConsoleModel }) {
  const server = store.server(model.name)?.value;
  return (
    <div class="console-bar">
      <div class="console-why" role="status">
        <Connection model={model} />
        {server && server.reason !== statusOf(server).text && <span class="clip">{server.reason}</span>}
        {server?.next?.at && (
          <span class="dim" aria-live="off">
            {t.console.next[server.next.action]} <Until at={server.next.at} />
          </span>
        )}
      </div>
      {server && may("server.control", model.name) && <Controls name={model.name} server={server} />}
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

async function act(name: string, action: Action): Promise<void> {
  const ask = { TERM: t.console.sureStop, RESTART: t.console.sureRestart, KILL: t.console.sureKill };
  if (action in ask) {
    const words = ask[action as keyof typeof ask];
    const fine = await sure({ title: words.title(name), text: words.text, action: words.action, danger: action === "KILL" });
    if (!fine) return;
  }
  await control(name, action);
}

function Controls({ name, server }: { name: string; server: Server }) {
  const up = server.state === "running" || server.state === "starting";
  const down = server.state === "stopped" || server.state === "failed";
  return (
    <div class="row tight">
      {!up && server.state !== "stopping" && (
        <Button small icon="play" onClick={() => act(name, "START")}>
          {t.servers.start}
        </Button>
      )}
      {!down && server.state !== "stopping" && (
        <Button small icon="stop" onClick={() => act(name, "TERM")}>
          {t.servers.stop}
        </Button>
      )}
      <Menu
        small
        label={t.servers.actions}
        items={[
          up && { label: t.servers.restart, icon: "refresh", run: () => act(name, "RESTART") },
          !down && { label: t.servers.kill, icon: "kill", danger: true, run: () => act(name, "KILL") },
          down && { label: t.servers.start, icon: "play", run: () => act(name, "START") },
        ]}
      />
    </div>
  );
}
