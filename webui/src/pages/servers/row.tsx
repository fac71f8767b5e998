/** One server in the list. Each part of it listens to what it shows: a measurement draws two numbers anew, no more. */

import { may } from "../../api/account";
import { bytes, percent } from "../../format";
import { SPARK, store } from "../../live/store";
import type { Server } from "../../live/types";
import { Icon } from "../../parts/icon";
import { Spark } from "../../parts/spark";
import { Status } from "../../parts/status";
import { now, Since } from "../../parts/time";
import { hashOf } from "../../route";
import { Buttons } from "../../servers/buttons";
import { select, selected } from "../../servers/list";
import { causeText, nextOf, whyText } from "../../servers/next";
import { t } from "../../strings";

/** Draw it; `at` is its place in the table, counted from 1. */
export function Row({ name, at }: { name: string; at: number }) {
  const server = store.server(name)?.value;
  if (server === undefined) return null;
  const picked = selected.value.has(name);
  return (
    <div role="row" class={picked ? "server picked" : "server"} aria-rowindex={at} data-server={name} data-state={server.state}>
      <div role="cell" class="pick">
        {may("server.control", name) && (
          <input
            type="checkbox"
            checked={picked}
            aria-label={t.servers.select(name)}
            onChange={(event) => select([name], event.currentTarget.checked)}
          />
        )}
      </div>
      <div role="cell" class="who">
        <a class="name" href={hashOf(["server", name])}>
          {name}
        </a>
        <Why server={server} />
        <Notes server={server} />
      </div>
      <div role="cell" class="how">
        <Status server={server} />
        <Well server={server} />
      </div>
      <div role="cell" class="up" data-label={t.servers.uptime}>
        {server.startedAt != null ? <Since at={server.startedAt} /> : <span class="dim">–</span>}
      </div>
      <div role="cell" class="cpu">
        <Cpu name={name} />
      </div>
      <div role="cell" class="memory">
        <Memory name={name} server={server} />
      </div>
      <div role="cell" class="acts">
        <Buttons name={name} server={server} />
      </div>
    </div>
  );
}

function Why({ server }: { server: Server }) {
  const down = server.state === "stopped" || server.state === "stopping";
  const ill = Object.entries(server.health.checks).filter(([, is]) => is === "unhealthy" && server.state === "running");
  const told = [whyText(server), ill.length > 0 && t.servers.ill(ill.map(([name]) => name).join(", ")), down ? causeText(server.cause) : ""].filter(Boolean).join(", ");
  const note = told === "" ? server.health.note : null;
  return (
    <div class="why">
      {told !== "" && <span class={server.state === "failed" || server.state === "backoff" ? "bad" : undefined}>{told}</span>}
      {note && <span>{note}</span>}
      <Next server={server} />
    </div>
  );
}

/** What comes next, counted down; it listens to the clock only where there is something to count. */
export function Next({ server }: { server: Server }) {
  if (server.next === null && server.state !== "failed") return null;
  const text = nextOf(server, server.next?.at == null ? 0 : now.value + store.ahead.value);
  return text === null ? null : <span class="next">{text}</span>;
}

function Well({ server }: { server: Server }) {
  if (server.state !== "running" || server.paused) return null;
  if (server.health.state === "healthy") {
    return (
      <span class="well good">
        <Icon name="check" />
        {t.servers.healthy}
      </span>
    );
  }
  return server.ready === false && server.health.state !== "unhealthy" ? <span class="well dim">{t.servers.notReady}</span> : null;
}

/** What else one should know. */
export function Notes({ server }: { server: Server }) {
  const unlimited = Object.keys(server.limits);
  const told = [
    server.toDelete && t.servers.toDelete,
    server.restartToApply && t.servers.restartToApply,
    server.hint,
    unlimited.length > 0 && t.servers.notEnforced(unlimited.join(", ")),
    server.survivors.length > 0 && t.servers.survivors(server.survivors.length),
  ].filter((one): one is string => typeof one === "string");
  if (told.length === 0) return null;
  return (
    <ul class="notes">
      {told.map((one) => (
        <li key={one} class="warn">
          <Icon name="alert" />
          {one}
        </li>
      ))}
    </ul>
  );
}

function Cpu({ name }: { name: string }) {
  const { cpu, cpus } = store.usage(name).value;
  const down = store.server(name)?.value.pid == null;
  return (
    <>
      <span class="label">{t.servers.cpu}</span>
      <span class={down ? "number dim" : "number"}>{down ? "–" : percent(cpu)}</span>
      <Spark values={cpus} count={SPARK} most={25} />
    </>
  );
}

function Memory({ name, server }: { name: string; server: Server }) {
  const { memory, memories } = store.usage(name).value;
  const down = server.pid === null;
  const limit = server.memoryLimit ?? null;
  const most = limit ?? server.totalMemory;
  const part = percent(most > 0 ? (memory / most) * 100 : 0);
  const hint = limit === null ? t.servers.ofMachine(part, bytes(most)) : t.servers.itsLimit(part, bytes(limit));
  return (
    <>
      <span class="label">{t.servers.memory}</span>
      <span class={down ? "number dim" : "number"} title={down ? undefined : hint}>
        {down ? "–" : bytes(memory)}
        {limit !== null && <small class="dim">{t.servers.ofLimit(bytes(limit))}</small>}
      </span>
      <Spark values={memories} count={SPARK} most={limit ?? Math.max(...memories.map((one) => one ?? 0)) * 1.25} />
    </>
  );
}
