/** Who the person is and what he may do, and how he comes in and goes out. */

import { computed, signal } from "@preact/signals";
import { forgetDrafts } from "../drafts";
import { ask, askJson, onceOut } from "./request";
import { Problem, problemOf } from "./problem";
import { store } from "../live/store";
import { t } from "../strings";
import { own } from "../own";

/** What `GET /account` tells. */
export interface Account {
  name: string;
  kind: string;
  secondFactor: boolean;
  recoveryCodes: number;
  permissions: string[];
  servers: Record<string, string[]>;
  /** By server, to which folders a permission is kept, such as `/world`. */
  limits?: Record<string, { paths?: Record<string, string[]> }>;
  /** Lists of grants: each of them has to permit it. */
  rights?: unknown[][];
  /** The roles that one could give to others, and what they grant. */
  roles?: Record<string, unknown[]>;
}

/** `asking`: not known yet; `lost`: nobody answers; `out`: to the login; `expired`: log in again, over the page. */
export type Presence = "asking" | "lost" | "out" | "in" | "expired";

export const presence = signal<Presence>("asking");
export const account = signal<Account | null>(null);
/** Why we do not know who it is, while `presence` is `lost`. */
export const trouble = signal<Problem | null>(null);
/** Whether somebody is known, even if he has to log in again. */
export const known = computed(() => account.value !== null);

/** Tell whether something is permitted: on a server, or without one everywhere. */
export function may(permission: string, server?: string): boolean {
  const who = account.value;
  if (who === null) return false;
  if (who.permissions.includes(permission)) return true;
  return server !== undefined && (own(who.servers, server)?.includes(permission) ?? false);
}

/** Return the folders of a server to which a permission about files is kept, such as `/world`; null if it is not. */
export function keptTo(permission: string, server: string): readonly string[] | null {
  return own(account.value?.limits, server)?.paths?.[permission] ?? null;
}

/** Tell whether something is permitted on any server. */
export function maySomewhere(permission: string): boolean {
  const who = account.value;
  if (who === null) return false;
  return who.permissions.includes(permission) || Object.values(who.servers).some((all) => all.includes(permission));
}

/** Find out who it is, at the start and when rights have changed. */
export async function findOut(): Promise<void> {
  try {
    const answer = await ask("account", { mayBeOut: true });
    // The live stream tells it more exactly, but what a page asks first may depend on it already.
    store.meet(answer.headers.get("Date"));
    const found = (await answer.json()) as Account;
    // What is on the page is another person's: he is asked to log in again, as before.
    if (presence.value === "expired" && found.name !== account.value?.name) return;
    isIn(found);
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (problem.status === 401) {
      presence.value = account.value === null ? "out" : "expired";
    } else if (account.value === null) {
      trouble.value = problem;
      presence.value = "lost";
    }
  }
}

/** The bytes of a text in UTF-8, as a header can carry them. */
export function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

let waiting: { done: () => void; fail: (why: Problem) => void }[] = [];

/** Log in; throws `Problem`, of kind `second-factor-needed` if a code is missing. */
export async function logIn(name: string, password: string, code: string): Promise<void> {
  const headers: Record<string, string> = { Username: headerText(name), Password: headerText(password) };
  if (code) headers["X-OTP"] = headerText(code);
  await ask("login", { method: "POST", query: { cookie: true }, headers, mayBeOut: true });
  const before = account.value?.name;
  const now = await askJson<Account>("account", { mayBeOut: true });
  if (before !== undefined && before !== now.name) {
    // What is on the page is another person's.
    location.reload();
    return;
  }
  isIn(now);
  tabs.postMessage(now.name);
}

function isIn(who: Account): void {
  account.value = who;
  presence.value = "in";
  for (const one of waiting.splice(0)) one.done();
}

/** Other tabs have the same cookie: one of them says who has logged in. */
const tabs = new BroadcastChannel("holdfast");
tabs.onmessage = ({ data: name }: MessageEvent<string>) => {
  if (account.value === null || account.value.name === name) {
    if (presence.value !== "in") void findOut();
  } else {
    // From now on our requests would be his, with what stands here.
    presence.value = "expired";
  }
};

/** End the session. */
export async function logOut(): Promise<void> {
  await ask("logout", { method: "POST", mayBeOut: true }).catch(() => undefined);
  forgetDrafts();
  forget();
}

/** Go to the login page, and forget all that belongs to the person. */
export function forget(): void {
  for (const one of waiting.splice(0)) one.fail(new Problem(t.problem.out, "not-authenticated", 401));
  account.value = null;
  presence.value = "out";
}

/** Ask the person to log in again, over the page; resolves when he has. */
export function logInAgain(): Promise<void> {
  if (account.value === null) {
    presence.value = "out";
    return Promise.reject(new Problem(t.problem.out, "not-authenticated", 401));
  }
  presence.value = "expired";
  return new Promise((done, fail) => waiting.push({ done, fail }));
}

onceOut(logInAgain);
