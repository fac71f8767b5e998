/** Doing something with servers: the person is asked before it hurts, and told what is going to happen. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/account";
import { type Action, control } from "../api/control";
import { problemOf } from "../api/problem";
import { duration } from "../format";
import { store } from "../live/store";
import type { Server } from "../live/types";
import { Button } from "../parts/button";
import { Dialog, open, sure } from "../parts/dialog";
import { TextField } from "../parts/field";
import { tell } from "../parts/toast";
import { t } from "../strings";
import { concerned, type Deed, forAll, hurts } from "./deeds";

const words = t.servers.sure;

const ACTIONS: Readonly<Record<Deed, Action>> = {
  start: "START",
  stop: "TERM",
  restart: "RESTART",
  kill: "KILL",
  pause: "PAUSE",
  resume: "RESUME",
};

/** Do it with one server, if the person agrees; throws `Problem`. */
export async function act(name: string, deed: Deed): Promise<void> {
  const server = store.server(name)?.peek();
  if (server === undefined) return;
  if (hurts(deed, server.state) && !(await agreed(name, deed, server))) return;
  await control(name, ACTIONS[deed]);
}

function agreed(name: string, deed: Deed, server: Server): Promise<boolean> {
  switch (deed) {
    case "kill":
      return sure({ title: words.kill(name), text: words.kills, action: t.servers.kill, danger: true });
    case "restart":
      return sure({
        title: words.restart(name),
        text: `${stopping(server)} ${words.again}`,
        action: t.servers.restart,
      });
    default:
      return sure({ title: words.stop(name), text: stopping(server), action: t.servers.stop, danger: true });
  }
}

function stopping(server: Server): string {
  const most = server.stopWithin;
  return words.stops + (most == null ? words.asConfigured : words.within(duration(most)));
}

/** Offer to kill one that is stopping and takes long; throws `Problem`. */
export async function killInstead(name: string): Promise<void> {
  const text: ComponentChildren = `${words.stoppingSince} ${words.kills}`;
  const agreed = await sure({ title: words.stopsNow(name), text, action: t.servers.kill, danger: true });
  // It may have ended while the question stood there, and whoever starts it again wants it up.
  if (agreed && store.server(name)?.peek().state === "stopping") await control(name, "KILL");
}

/** Do it with several servers, with those for whom it is something; tells what became of it. */
export async function actOnAll(names: readonly string[], deed: Deed): Promise<void> {
  const seen = new Map<string, Server>();
  for (const name of names) {
    const server = store.server(name)?.peek();
    if (server !== undefined && may("server.control", name)) seen.set(name, server);
  }
  const those = concerned(deed, seen);
  const running = those.filter((name) => hurts(deed, seen.get(name)?.state ?? "stopped")).length;
  const word = { start: t.servers.start, stop: t.servers.stop, restart: t.servers.restart }[deed as string] ?? t.servers.kill;
  if (those.length === 0) {
    tell({ kind: "info", text: t.servers.bulk.none(word) });
    return;
  }
  if (running > 0) {
    const text = { stop: words.stopsMany, restart: `${words.stopsMany} ${words.againMany}` }[deed as string];
    const title = { stop: words.stop, restart: words.restart }[deed as string] ?? words.kill;
    const question = { title: title(words.many(those.length)), text: text ?? words.killsMany, action: word };
    if (!(await sure({ ...question, danger: deed !== "restart" }))) return;
  }
  const failed = await forAll(those, (name) => control(name, ACTIONS[deed]));
  const [first] = failed;
  if (first === undefined) {
    tell({ kind: "good", text: t.servers.bulk.done(word, those.length) });
  } else {
    const why = t.servers.bulk.why(first[0], problemOf(first[1]).message);
    tell({ kind: "fault", text: t.servers.bulk.failed(word, failed.size, those.length, why) });
  }
}

const USUAL_SIGNALS = ["HUP", "USR1", "USR2", "INT", "QUIT", "TERM", "WINCH", "CONT"];

/** Let the person choose a signal and send it. */
export function sendSignal(name: string): void {
  open((close) => <SignalDialog name={name} close={close} />);
}

function SignalDialog({ name, close }: { name: string; close: () => void }) {
  const [signal, setSignal] = useState("HUP");
  const [wrong, setWrong] = useState<string>();
  const send = async () => {
    try {
      await control(name, `SIGNAL ${signal.trim()}`);
      tell({ kind: "good", text: t.servers.sent(signal.trim().toUpperCase(), name) });
      close();
    } catch (thrown) {
      setWrong(problemOf(thrown).message);
    }
  };
  return (
    <Dialog
      title={t.servers.sendSignal(name)}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button kind="primary" disabled={signal.trim() === ""} onClick={send}>
            {t.servers.send}
          </Button>
        </>
      }
    >
      <div class="row signals">
        {USUAL_SIGNALS.map((one) => (
          <Button key={one} small pressed={one === signal} onClick={() => setSignal(one)}>
            {one}
          </Button>
        ))}
      </div>
      <TextField
        label={t.servers.signalName}
        value={signal}
        hint={t.servers.signalHint}
        error={wrong}
        onInput={(text) => {
          setSignal(text);
          setWrong(undefined);
        }}
      />
    </Dialog>
  );
}
