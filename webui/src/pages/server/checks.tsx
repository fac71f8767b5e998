/** The health checks of a server: what each says, since when, and why it failed. */

import { useEffect, useRef } from "preact/hooks";
import { serverPath } from "../../api/base";
import { askJson } from "../../api/request";
import { duration } from "../../format";
import type { Server } from "../../live/types";
import { Load, useLoad } from "../../parts/load";
import { Since } from "../../parts/time";
import { t } from "../../strings";

interface Check {
  name: string;
  type: string;
  as: string;
  state: "unknown" | "healthy" | "unhealthy";
  since: number;
  error: string | null;
  output: string | null;
  failures: number;
  interval: number;
  nextIn: number | null;
  action: "warn" | "restart";
}

const TONES = { healthy: "good", unhealthy: "bad", unknown: "dim" } as const;

/** Draw them; nothing for a server that has none. */
export function Checks({ name, server }: { name: string; server: Server }) {
  const any = Object.keys(server.health.checks).length > 0;
  return any ? <Some name={name} server={server} /> : null;
}

function Some({ name, server }: { name: string; server: Server }) {
  const loaded = useLoad(
    (signal) => askJson<{ checks: Check[] }>(serverPath(name, "checks"), { signal }),
    [name],
  );
  // The stream tells when a check thinks otherwise; why it does is asked then.
  const told = JSON.stringify([server.health.checks, server.run, server.ready]);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) void loaded.reload();
    first.current = false;
  }, [told]);
  useEffect(() => {
    // It does not tell why a look has failed that changes nothing: while there is such a check, we look when it has.
    const wait = nextLook(loaded.data?.checks ?? []);
    if (wait === null) return undefined;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") void loaded.reload();
    }, wait * 1000);
    return () => clearTimeout(timer);
  }, [loaded.data]);
  return (
    <section class="card" aria-label={t.server.checks.title}>
      <h2>{t.server.checks.title}</h2>
      <Load of={loaded}>
        {({ checks }) => (
          <ul class="checks">
            {checks.map((check) => (
              <One key={check.name} check={check} />
            ))}
          </ul>
        )}
      </Load>
    </section>
  );
}

/** Seconds until something may be different that nobody tells of; null if nothing may. */
function nextLook(checks: readonly Check[]): number | null {
  const looks = checks.flatMap((one) => (one.state !== "healthy" && one.nextIn !== null ? [one.nextIn] : []));
  return looks.length === 0 ? null : Math.max(2, Math.min(...looks) + 0.3);
}

function One({ check }: { check: Check }) {
  const words = t.server.checks;
  return (
    <li>
      <div class="row">
        <strong>{check.name}</strong>
        <span class={`chip ${TONES[check.state]}`}>{words.states[check.state] ?? check.state}</span>
        <span class="dim">
          {words.for} <Since at={check.since} />
        </span>
      </div>
      {check.error !== null && <div class={check.state === "unhealthy" ? "bad" : "warn"}>{check.error}</div>}
      {check.failures > 1 && check.error !== null && <div class="dim">{words.failures(check.failures)}</div>}
      <div class="hint">
        {[check.type, words.as[check.as], words.every(duration(check.interval)), check.action === "restart" && words.restart]
          .filter(Boolean)
          .join(" · ")}
      </div>
      {check.output && (
        <details>
          <summary>{words.output}</summary>
          <pre>{check.output}</pre>
        </details>
      )}
    </li>
  );
}
