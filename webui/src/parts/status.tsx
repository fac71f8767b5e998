/** How a server is, in a word and a colour. */

import type { Server } from "../live/types";
import { t } from "../strings";

/** Return the word and the colour. */
export function statusOf(server: Server): { text: string; tone: "good" | "warn" | "bad" | "info" | "dim" } {
  if (server.paused) return { text: t.state.paused, tone: "warn" };
  if (server.state === "running" && server.health.state === "unhealthy") return { text: t.state.unhealthy, tone: "warn" };
  if (server.state === "stopped" && server.next?.action === "start") return { text: t.state.waiting, tone: "info" };
  const tone = { stopped: "dim", starting: "info", running: "good", stopping: "info", backoff: "bad", failed: "bad" } as const;
  return { text: t.state[server.state], tone: tone[server.state] };
}

/** Draw it. */
export function Status({ server }: { server: Server }) {
  const { text, tone } = statusOf(server);
  return <span class={`chip ${tone}`}>{text}</span>;
}
