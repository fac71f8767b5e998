/** What is asked of a log: as it stands in the page's address, and as the API is asked. */

import type { Query } from "../../api/base";
import { daemonTime } from "../../live/store";

export const RANGES = ["15m", "1h", "6h", "24h", "7d", "all", "own"] as const;
export type Range = (typeof RANGES)[number];

const SECONDS: Readonly<Record<string, number>> = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 };

/** A line's place: behind it is byte `end` of `stream`; `time` is when it came, in Unix seconds. */
export interface Spot {
  stream: string;
  end: number;
  time: number | null;
}

export interface Asked {
  range: Range;
  /** Unix seconds, for a range of one's own. */
  from: number | null;
  to: number | null;
  text: string;
  regex: boolean;
  /** Whether capitals matter. */
  exact: boolean;
  /** The line around which it shall be shown. */
  spot: Spot | null;
}

export const USUAL: Asked = { range: "all", from: null, to: null, text: "", regex: false, exact: false, spot: null };

/** Return what an address asks for; what makes no sense is as usual. */
export function askedBy(query: URLSearchParams): Asked {
  const range = RANGES.find((one) => one === query.get("range")) ?? USUAL.range;
  return {
    range,
    from: range === "own" ? moment(query.get("from")) : null,
    to: range === "own" ? moment(query.get("to")) : null,
    text: query.get("grep") ?? "",
    regex: query.get("regex") === "true",
    exact: query.get("case") === "true",
    spot: spotBy(query.get("at")),
  };
}

/** Return the query of the address that asks for this. */
export function addressOf(asked: Asked): Record<string, string> {
  const query: Record<string, string> = {};
  if (asked.range !== USUAL.range) query["range"] = asked.range;
  if (asked.range === "own" && asked.from !== null) query["from"] = String(asked.from);
  if (asked.range === "own" && asked.to !== null) query["to"] = String(asked.to);
  if (asked.text !== "") query["grep"] = asked.text;
  if (asked.regex) query["regex"] = "true";
  if (asked.exact) query["case"] = "true";
  if (asked.spot !== null) query["at"] = `${asked.spot.stream}:${asked.spot.end}:${asked.spot.time ?? ""}`;
  return query;
}

/** Return the same with a range that means the same tomorrow, for a link. */
export function lasting(asked: Asked, now = daemonTime()): Asked {
  const span = SECONDS[asked.range];
  if (span === undefined) return asked;
  return { ...asked, range: "own", from: Math.floor(now - span), to: Math.ceil(now) };
}

/** Return what the API is asked, without how much and how. */
export function apiQuery(asked: Asked, now = daemonTime()): Query {
  const span = SECONDS[asked.range];
  const since = asked.range === "own" ? asked.from : span === undefined ? null : Math.floor(now - span);
  const until = asked.range === "own" ? asked.to : null;
  return {
    since: since ?? undefined,
    until: until ?? undefined,
    grep: asked.text === "" ? undefined : asked.regex ? asked.text : plain(asked.text),
    case: asked.text === "" || asked.exact ? undefined : false,
  };
}

/** Return what finds the same here, for marking it; null if there is nothing, or it is beyond this browser. */
export function finder(asked: Asked): RegExp | null {
  if (asked.text === "") return null;
  try {
    return new RegExp(asked.regex ? asked.text : plain(asked.text), asked.exact ? "gu" : "giu");
  } catch {
    return null; // RE2 and browsers do not understand quite the same
  }
}

/** Return the expression that finds just this text. */
export function plain(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function moment(text: string | null): number | null {
  const seconds = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(seconds) ? seconds : null;
}

function spotBy(text: string | null): Spot | null {
  const found = /^([0-9a-f]{16}):(\d{1,16}):(\d+(?:\.\d+)?)?$/.exec(text ?? "");
  return found ? { stream: found[1] ?? "", end: Number(found[2]), time: moment(found[3] ?? null) } : null;
}
