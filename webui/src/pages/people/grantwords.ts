/** What grants permit, in words: for a list, and for a preview while they are edited. */

import { t } from "../../strings";
import { type Grant, type Row, rowOf } from "./grants";
import { expanded, GROUPS, type Group, includes, isScoped, PATTERN, type Permission } from "./permissions";

/** Where something is permitted, and what: `On mc-*` and `see, start and stop`. */
export interface Words {
  where: string;
  what: string;
}

/** Return what grants permit, a sentence for each place; nothing if they permit nothing. */
export function wordsOf(grants: readonly Grant[]): Words[] {
  const plain: string[] = [];
  const told: Words[] = [];
  for (const grant of grants) {
    const row = rowOf(grant);
    if (row === undefined) told.push({ where: t.grants.unknown, what: JSON.stringify(grant) });
    else if (row.servers === null && row.paths === null && row.input === null) plain.push(...row.permissions);
    else told.push(...wordsOfRow(row));
  }
  if (plain.length > 0) told.unshift({ where: t.grants.everywhere, what: whatOf(plain) });
  return told;
}

/** Return the words of one row. */
export function wordsOfRow(row: Row): Words[] {
  // Names of servers say nothing about what is not of a server.
  const permissions =
    row.servers === null ? row.permissions : row.permissions.flatMap((one) => (one === "*" ? scopedPatterns() : [one]));
  let what = whatOf(permissions);
  const limits: string[] = [];
  if (row.paths !== null && touches(permissions, "server.files.")) limits.push(t.grants.onlyIn(row.paths));
  if (row.input !== null && touches(permissions, "server.console.write")) limits.push(t.grants.onlyTyping(row.input));
  if (limits.length > 0) what = t.grants.limited(what, limits);
  return [{ where: row.servers === null ? t.grants.everywhere : t.grants.on(row.servers), what }];
}

function scopedPatterns(): string[] {
  return ["server.*", "shares.*", "audit.view"];
}

function touches(permissions: readonly string[], about: string): boolean {
  const { known } = expanded(permissions);
  return known.some((one) => one.startsWith(about));
}

/** Return what permissions let one do, the groups that are whole by a word of their own. */
export function whatOf(permissions: readonly string[]): string {
  if (permissions.includes("*")) return t.grants.everything;
  const { known, unknown } = expanded(permissions);
  const left = new Set<Permission>(known);
  const told: string[] = [];
  const servers = [...GROUPS.server, ...GROUPS.console, ...GROUPS.files];
  if (servers.every((one) => left.has(one))) {
    told.push(t.grants.allOfServers);
    for (const one of servers) left.delete(one);
  }
  for (const [group, members] of Object.entries(GROUPS) as [Group, readonly Permission[]][]) {
    const there = members.filter((one) => left.has(one));
    if (PATTERN[group] !== undefined && members.length > 1 && there.length === members.length) {
      told.push(t.grants.wholeGroup[group]);
    } else {
      told.push(...there.map((one) => t.grants.short[one]));
    }
  }
  return t.list([...told, ...unknown]);
}

/** Tell whether all that a row grants can be had for some servers only; else naming servers takes the rest away. */
export function losesByServers(row: Row): boolean {
  return row.permissions.some(
    (pattern) => expanded([pattern]).known.some((one) => !isScoped(one)) && !includes("server.*", pattern),
  );
}
