/** What is known of a server, as a list. */

import type { ComponentChildren } from "preact";
import { bytes, duration, fullMoment } from "../../format";
import { store } from "../../live/store";
import type { Server } from "../../live/types";
import { hashOf } from "../../route";
import { exitText } from "../../servers/next";
import { t } from "../../strings";

/** Draw it. */
export function Facts({ name, server }: { name: string; server: Server }) {
  const words = t.server;
  return (
    <section class="card" aria-label={words.facts}>
      <h2>{words.facts}</h2>
      <dl class="facts">
        <Fact title={words.wanted}>{words.wants[server.wanted]}</Fact>
        {server.startedAt != null && <Fact title={words.startedAt}>{fullMoment(server.startedAt)}</Fact>}
        <Fact title={words.pid}>{server.pid ?? "–"}</Fact>
        <Tree name={name} />
        <Fact title={words.run}>{words.runs(server.run)}</Fact>
        <Fact title={words.restarts}>{words.restartsCounted(server.restarts)}</Fact>
        {server.lastExit !== null && <Fact title={words.lastExit}>{exitText(server.lastExit)}</Fact>}
        {server.stopWithin != null && (
          <Fact title={words.stopWithin}>{words.stopWithinText(duration(server.stopWithin))}</Fact>
        )}
        {server.memoryLimit != null && <Fact title={words.memoryLimit}>{bytes(server.memoryLimit)}</Fact>}
        {server.terminal !== null && (
          <Fact title={words.terminal}>{words.terminalSize(server.terminal.rows, server.terminal.columns)}</Fact>
        )}
        {server.waitsFor.length > 0 && (
          <Fact title={words.waitsFor}>
            {server.waitsFor.map((other) => (
              <a key={other} class="chip plain" href={hashOf(["server", other])}>
                {other}
              </a>
            ))}
          </Fact>
        )}
        {Object.keys(server.limits).length > 0 && (
          <Fact title={words.limits}>
            <ul class="plain-list warn">
              {Object.entries(server.limits).map(([limit, why]) => (
                <li key={limit}>
                  {limit}: {why}
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {server.survivors.length > 0 && (
          <Fact title={words.survivors}>
            <ul class="plain-list warn">
              {server.survivors.map((one) => (
                <li key={one.pid}>
                  {words.survivor(one.pid, one.command)}: {one.reason}
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Tree({ name }: { name: string }) {
  const { processes, threads } = store.usage(name).value;
  if (processes === null || threads === null || store.server(name)?.value.pid == null) return null;
  return <Fact title={t.server.tree}>{t.server.treeOf(t.server.processes(processes), t.server.threads(threads))}</Fact>;
}
