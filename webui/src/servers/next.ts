/**
 * What is said about a server in one line: why it is as it is, what happens next, how its last run ended, who did it.
 *
 * Moments are Unix seconds by the daemon's clock. The budget of restarts stands in `reason` ("…; waiting to be
 * restarted (3 of 5)"): it is taken out of there, and told with the countdown.
 */

import { duration } from "../format";
import type { Cause, Exit, Server } from "../live/types";
import { t } from "../strings";

const BUDGET = /; waiting to be restarted \((\d+)(?: of (\d+))?\)/;

const PARKED = /; not restarted until somebody starts it$/;

/** How many restarts have been used up, and of how many; `of` is null where there is no end of them. */
export interface Budget {
  used: number;
  of: number | null;
}

/** Return the budget, while a server waits to be restarted. */
export function budgetOf(server: Pick<Server, "state" | "reason">): Budget | null {
  const found = server.state === "backoff" ? BUDGET.exec(server.reason) : null;
  return found && { used: Number(found[1]), of: found[2] === undefined ? null : Number(found[2]) };
}

/** Return why it is as it is, without what `nextOf` says. */
export function reasonOf(server: Pick<Server, "state" | "reason">): string {
  return server.state === "backoff" ? server.reason.replace(BUDGET, "") : server.reason.replace(PARKED, "");
}

/** What the state says already. */
const PLAIN: ReadonlySet<string> = new Set(["running", "ready", "starting", "stopped"]);

/** Return why it is as it is; empty if that is nothing but the state once more. */
export function whyText(server: Pick<Server, "state" | "reason">): string {
  const reason = reasonOf(server).replace(/^starting, (?=waiting)/, "");
  return PLAIN.has(reason) ? "" : reason;
}

/** Return what happens next by itself, as a sentence; null if nothing does. */
export function nextOf(server: Server, now: number): string | null {
  const next = server.next;
  const words = t.servers.next;
  if (next === null) {
    if (server.state === "failed") return words.parked;
    return null;
  }
  const left = next.at === null ? null : Math.ceil(next.at - now);
  const when = left === null ? null : left > 0 ? t.time.in(duration(left)) : t.time.presently;
  const others = server.waitsFor.join(", ");
  switch (next.action) {
    case "restart": {
      const budget = budgetOf(server);
      const told = budget && (budget.of === null ? words.nth(budget.used) : words.ofBudget(budget.used, budget.of));
      return [words.restart(when), told].filter(Boolean).join(", ");
    }
    case "step":
      return words.step(when);
    case "kill":
      return server.pid !== null && server.reason.includes("being killed") ? words.killAgain(when) : words.kill(when);
    case "fail":
      return words.fail(when);
    case "start":
      return others ? words.start(others) : words.startNow(when);
    case "stop":
      return others ? words.stop(others) : words.stopNow(when);
    default:
      return null; // one that we do not know yet
  }
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** Return a signal by its name on Linux, or its number. */
export function signalName(signal: string | number): string {
  return typeof signal === "string" ? signal : (SIGNALS[signal] ?? t.servers.signalNumber(signal));
}

/** Return how a run has ended, such as `ended by SIGKILL after 3 s (memory had run out)`. */
export function exitText(exit: Exit): string {
  const words = t.servers.exit;
  const how =
    exit.signal !== null
      ? words.signal(signalName(exit.signal))
      : exit.code !== null
        ? words.code(exit.code)
        : words.unknown;
  const told = exit.ran > 0 ? words.ran(how, duration(exit.ran, true)) : how;
  return exit.note ? `${told} (${exit.note})` : told;
}

/** Return who or what brought it about; empty where there is nothing to say that `reason` does not. */
export function causeText(cause: Cause | undefined): string {
  if (cause === undefined) return "";
  const words = t.servers.cause;
  const who = cause.who === "@local" ? words.local : cause.who;
  const said = ((): string => {
    switch (cause.kind) {
      case "person":
        return who ? words.person(who) : "";
      case "schedule":
        return words.schedule(who);
      case "check":
        return words.check(who);
      case "dependency":
        return words.dependency(who);
      case "watchdog":
        return words.watchdog;
      case "boot":
        return words.boot;
      case "config":
        return words.config;
      case "leftover":
        return words.leftover;
      case "shutdown":
        return words.shutdown;
      default:
        return ""; // `exit`, `timer`, `ready`: the reason says it
    }
  })();
  return cause.detail && said ? `${said} (${cause.detail})` : said || cause.detail;
}
