/** Accounts, keys, shares and sessions, as the API tells them (docs/access.md). Moments are Unix seconds. */

import { account } from "../../api/account";
import { askJson } from "../../api/request";
import { coversAll } from "./coverage";
import type { Grant } from "./grants";
import { own } from "../../own";

export interface Person {
  roles: string[];
  grants: Grant[];
  disabled: boolean;
  secondFactor: boolean;
  sessions: number;
  keys: number;
}

export interface Key {
  id: string;
  name: string;
  owner: string;
  roles: string[];
  grants: Grant[];
  created: number;
  expires: number | null;
  lastUse: number | null;
  lastAddress: string | null;
}

export interface Share {
  id: string;
  kind: "console" | "file";
  server: string;
  path: string | null;
  owner: string;
  created: number;
  expires: number;
  lastUse: number | null;
  lastAddress: string | null;
}

export interface Session {
  id: string;
  account: string;
  device: string;
  agent: string;
  address: string;
  created: number;
  lastUse: number;
  expires: number;
  current: boolean;
}

/** Ask for all accounts, by name. */
export async function people(signal?: AbortSignal): Promise<Record<string, Person>> {
  const told = await askJson<{ accounts: Record<string, Person> }>("accounts", { query: { extrainfo: true }, signal });
  return told.accounts;
}

/** Tell whether we may change an account: not one that may do more than we. The daemon decides all the same. */
export function reaches(person: Person): boolean {
  const known = account.value?.roles ?? {};
  // A role that we do not know is above us, or may come back with any right.
  const grants = person.roles.flatMap((role) => own(known, role) ?? [{ permissions: ["*"] }]);
  return coversAll(account.value?.rights, [...grants, ...person.grants]);
}

/** Tell whether an account may change accounts: if nobody may any more, only the machine's owner can help. */
export function mayManage(person: Pick<Person, "roles" | "grants" | "disabled">): boolean {
  if (person.disabled) return false;
  const known = account.value?.roles ?? {};
  const grants = [...person.roles.flatMap((role) => own(known, role) ?? []), ...person.grants];
  return coversAll([grants], ["accounts.update"]);
}
