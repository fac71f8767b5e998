/** What is asked of the audit log: in the address of the page, so that it can be linked, and in that of the API. */

import type { Query } from "../../api/base";
import { own } from "../../own";

export const RANGES = { "1h": 3_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 } as const;
export type Range = keyof typeof RANGES | "" | "exact";

export interface Filter {
  user: string;
  server: string;
  action: string;
  address: string;
  result: "" | "success" | "failed" | "denied";
  /** Back from now; `exact` if `since` and `until` say it. */
  range: Range;
  /** Unix seconds. */
  since: number | null;
  until: number | null;
}

export const NO_FILTER: Filter = {
  user: "",
  server: "",
  action: "",
  address: "",
  result: "",
  range: "",
  since: null,
  until: null,
};

const TEXTS = ["user", "server", "action", "address"] as const;

/** Return the filter that an address says. */
export function filterOf(query: URLSearchParams): Filter {
  const filter = { ...NO_FILTER };
  for (const key of TEXTS) filter[key] = query.get(key) ?? "";
  const result = query.get("result");
  if (result === "success" || result === "failed" || result === "denied") filter.result = result;
  const range = query.get("range") ?? "";
  if (own(RANGES, range) !== undefined) filter.range = range as Range;
  filter.since = momentOf(query.get("since"));
  filter.until = momentOf(query.get("until"));
  if (filter.range === "" && (filter.since !== null || filter.until !== null)) filter.range = "exact";
  return filter;
}

/** Return what an address says for a filter: what is not filtered is left out. */
export function addressOf(filter: Filter): Record<string, string> {
  const said: Record<string, string> = {};
  for (const key of TEXTS) if (filter[key].trim() !== "") said[key] = filter[key].trim();
  if (filter.result !== "") said["result"] = filter.result;
  if (filter.range === "exact") {
    if (filter.since !== null) said["since"] = new Date(filter.since * 1000).toISOString();
    if (filter.until !== null) said["until"] = new Date(filter.until * 1000).toISOString();
  } else if (filter.range !== "") {
    said["range"] = filter.range;
  }
  return said;
}

/** Return the query of `GET /audit`; `now` is the daemon's clock, in Unix seconds. */
export function queryOf(filter: Filter, now: number): Query {
  const { range, ...said } = addressOf(filter);
  const back = range === undefined ? undefined : RANGES[range as keyof typeof RANGES];
  return back === undefined ? said : { ...said, since: Math.floor(now - back) };
}

/** Return a moment as a `datetime-local` field has it, in the time of this place. */
export function localOf(moment: number | null): string {
  if (moment === null) return "";
  const date = new Date(moment * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Return the moment that such a field says. */
export function momentOf(text: string | null): number | null {
  if (text === null || text === "") return null;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : new Date(text).getTime() / 1000;
  return Number.isFinite(seconds) ? seconds : null;
}
