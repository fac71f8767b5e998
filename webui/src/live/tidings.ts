/**
 * Which of the things that happen are told as messages, and how: crashes, illness and recoveries to everybody, and what
 * others do; not what the person did himself, for he has seen it, nor what follows from a start of Holdfast.
 *
 * Events are told together a moment after the first: forty servers that crash at once are one message.
 */

import type { Toast } from "../parts/toast";
import { causeText, whyText } from "../servers/next";
import { t } from "../strings";
import type { Happening } from "./types";

export type Tiding = "crashed" | "failed" | "back" | "unhealthy" | "healthy" | "started" | "stopped";

/** Of whom each message is, by kind. */
interface News {
  kind: Tiding;
  name: string;
  text: string;
}

const words = t.tidings;
/** Events of one kind that are told one by one. */
const FEW = 2;
/** Names in a message about many. */
const NAMED = 4;

/** Remembers what has been told, so that a recovery is told only after a crash. */
export class Tidings {
  readonly #crashed = new Set<string>();
  readonly #ill = new Set<string>();

  /** Return what there is to tell of an event; null if nothing. `me` is the person's name. */
  of(event: Happening, me: string): News | null {
    const name = event.server;
    if (event.type === "health") return this.#health(event);
    const { to, cause } = event;
    const why = to === undefined ? "" : whyText({ state: to, reason: event.reason ?? "" });
    switch (to) {
      case "backoff":
        this.#crashed.add(name);
        return { kind: "crashed", name, text: words.crashed(name, why) };
      case "failed":
        this.#crashed.add(name);
        return { kind: "failed", name, text: words.failed(name, why) };
      case "running":
        return this.#crashed.delete(name) ? { kind: "back", name, text: words.back(name) } : null;
      default:
        break;
    }
    // Who starts it himself looks at it.
    if (to === "starting" && cause?.kind === "person" && cause.who === me) this.#crashed.delete(name);
    const others = (cause?.kind === "person" && cause.who !== "" && cause.who !== me) || cause?.kind === "schedule";
    if (cause === undefined || !others) return null;
    const who = causeText(cause);
    // Of a restart the start is told.
    if (to === "starting") return { kind: "started", name, text: words.started(name, who) };
    if (to === "stopped" && event.next == null) {
      this.#crashed.delete(name);
      return { kind: "stopped", name, text: words.stopped(name, who) };
    }
    return null;
  }

  #health(event: Happening): News | null {
    const name = event.server;
    if (event["healthy"] === false) {
      this.#ill.add(name);
      return { kind: "unhealthy", name, text: words.unhealthy(name, event.reason ?? "") };
    }
    return this.#ill.delete(name) ? { kind: "healthy", name, text: words.healthy(name) } : null;
  }
}

const TOASTS: Readonly<Record<Tiding, Toast["kind"]>> = {
  failed: "fault",
  crashed: "warning",
  unhealthy: "warning",
  back: "good",
  healthy: "good",
  started: "info",
  stopped: "info",
};

/** A message, and the server that it is about, if it is one. */
export interface Told {
  kind: Toast["kind"];
  text: string;
  name: string | null;
}

/** Return the messages for what came together: one for each server where there are few, one for all where many. */
export function together(news: readonly News[]): Told[] {
  const told: Told[] = [];
  for (const kind of Object.keys(TOASTS) as Tiding[]) {
    // Of each server the latest.
    const latest = new Map(news.filter((one) => one.kind === kind).map((one) => [one.name, one]));
    if (latest.size <= FEW) {
      for (const one of latest.values()) told.push({ kind: TOASTS[kind], text: one.text, name: one.name });
    } else {
      told.push({ kind: TOASTS[kind], text: aboutMany(kind, [...latest.keys()]), name: null });
    }
  }
  return told;
}

function aboutMany(kind: Tiding, names: readonly string[]): string {
  const more = names.length - NAMED;
  const listed = names.slice(0, NAMED).join(", ");
  const who = more > 0 ? words.andOthers(listed, more) : listed;
  if (kind === "crashed" || kind === "failed") return words.manyCrashed(names.length, who);
  return kind === "back" ? words.manyBack(names.length, who) : words.many(names.length, who);
}
