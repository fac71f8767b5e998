/**
 * Whether one's rights cover those that are to be given: the rule of the daemon (`Grant.covers`), so that a form can
 * say beforehand what it would refuse. The daemon decides all the same.
 */

import { emptyRow, rowOf, type Grant, type Row } from "./grants";
import { includes } from "./permissions";

/** What `GET /account` tells in `rights`; without it (an older daemon), nothing is known and nothing is refused here. */
export type Rights = readonly (readonly Grant[])[] | undefined;

/** Tell whether somebody with these rights may give a grant away. */
export function covers(rights: Rights, row: Row): boolean {
  if (rights === undefined) return true;
  // A permission at a time: of a row that several grants cover together, each is refused or not by itself.
  return rights.every((layer) => {
    const mine = layer.map(rowOf).filter((one) => one !== undefined);
    return row.permissions.every((permission) =>
      mine.some((one) => coversOne(one, { ...row, permissions: [permission] })),
    );
  });
}

/** Tell whether they cover all of some grants, which may be of shapes that we do not know: those are not covered. */
export function coversAll(rights: Rights, grants: readonly Grant[]): boolean {
  if (rights === undefined) return true;
  return grants.every((grant) => {
    const row = rowOf(grant);
    return row === undefined ? isEverything(rights) : covers(rights, row);
  });
}

/** Tell whether they are all there are. */
export function isEverything(rights: Rights): boolean {
  return covers(rights, { ...emptyRow(), permissions: ["*"] });
}

function coversOne(mine: Row, theirs: Row): boolean {
  return (
    each(mine.permissions, theirs.permissions, includes) &&
    each(mine.servers, theirs.servers, includesServers) &&
    each(mine.paths, theirs.paths, (one, other) => isWithin(other, one)) &&
    each(mine.input, theirs.input, (one, other) => one === "*" || one === other)
  );
}

function each(
  mine: readonly string[] | null,
  theirs: readonly string[] | null,
  includesOne: (one: string, other: string) => boolean,
): boolean {
  if (mine === null) return true;
  return theirs !== null && theirs.every((other) => mine.some((one) => includesOne(one, other)));
}

function includesServers(mine: string, theirs: string): boolean {
  return mine === "*" || mine === theirs || (!/[*?[]/.test(theirs) && names(mine, theirs));
}

/** Tell whether a pattern with `*`, `?` and `[…]` names a server. */
export function names(pattern: string, server: string): boolean {
  if (pattern === server) return true;
  // As Python's fnmatch: a bracket that is never closed is itself, and `]` right behind `[` or `[!` belongs to the set.
  const source = pattern.replace(/\*+|\?|\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part.startsWith("*")) return "[\\s\\S]*";
    if (part === "?") return "[\\s\\S]";
    if (part.length > 1 && part.startsWith("[")) {
      const inside = part.slice(1, -1).replace(/[\\\]^[]/g, "\\$&");
      return inside.startsWith("!") ? `[^${inside.slice(1)}]` : `[${inside}]`;
    }
    return part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`).test(server);
  } catch {
    return false; // a range that is none, such as [z-a]
  }
}

function isWithin(path: string, folder: string): boolean {
  const inner = namesIn(path);
  return namesIn(folder).every((name, at) => inner[at] === name);
}

function namesIn(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
