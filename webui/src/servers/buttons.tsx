/** The buttons of a server: what can be done with it now, and what is being done. */

import { may } from "../api/account";
import type { Server } from "../live/types";
import { Button } from "../parts/button";
import { Icon, type IconName } from "../parts/icon";
import { Menu, type MenuItem } from "../parts/menu";
import { go, hashOf } from "../route";
import { t } from "../strings";
import { act, killInstead, sendSignal } from "./acting";
import { type Deed, offered } from "./deeds";

interface Props {
  name: string;
  server: Server;
  /** Whether there is room for words. */
  large?: boolean;
}

/** Draw them. */
export function Buttons({ name, server, large = false }: Props) {
  const permitted = may("server.control", name);
  const offer = offered(server);
  const button = (deed: Deed, icon: IconName, text: string, kind?: "primary") => (
    <Button
      key={deed}
      icon={icon}
      label={t.servers.of(text, name)}
      hint={text}
      kind={kind ?? (large ? "plain" : "quiet")}
      onClick={() => act(name, deed)}
    >
      {large ? text : undefined}
    </Button>
  );
  return (
    <div class="row tight deeds">
      {permitted && (
        <>
          {offer.start &&
            button("start", "play", server.state === "backoff" ? t.servers.startNow : t.servers.start, large ? "primary" : undefined)}
          {offer.resume && button("resume", "play", t.servers.resume, large ? "primary" : undefined)}
          {offer.stop && button("stop", "stop", t.servers.stop)}
          {offer.stopping && (
            <Button
              key="stop"
              going
              icon="stop"
              label={t.servers.of(t.servers.stopping, name)}
              hint={t.servers.stopping}
              kind={large ? "plain" : "quiet"}
              onClick={() => killInstead(name)}
            >
              {large ? t.servers.stopping : undefined}
            </Button>
          )}
          {offer.restart && button("restart", "restart", t.servers.restart)}
          {large && offer.kill && button("kill", "kill", t.servers.kill)}
        </>
      )}
      {!large && may("server.console.view", name) && (
        <a
          class="button quiet bare"
          href={hashOf(["server", name, "console"])}
          aria-label={t.servers.of(t.servers.console, name)}
          title={t.servers.console}
        >
          <Icon name="terminal" />
        </a>
      )}
      <Menu label={t.servers.more(name)} items={items(name, server, large)} />
    </div>
  );
}

function items(name: string, server: Server, large: boolean): readonly (MenuItem | false)[] {
  const permitted = may("server.control", name);
  const offer = offered(server);
  const visit = (at: string) => () => go(hashOf(["server", name, at]));
  return [
    large && may("server.console.view", name) && { label: t.servers.console, icon: "terminal", run: visit("console") },
    may("server.files.view", name) && { label: t.servers.files, icon: "folder", run: visit("files") },
    permitted && offer.pause && { label: t.servers.pause, icon: "pause", run: () => act(name, "pause") },
    permitted && offer.resume && { label: t.servers.resume, icon: "play", run: () => act(name, "resume") },
    permitted && offer.signal && { label: t.servers.signal, icon: "bell", run: () => sendSignal(name) },
    permitted && offer.kill && !large && { label: t.servers.kill, icon: "kill", danger: true, run: () => act(name, "kill") },
  ];
}
