/**
 * The live stream: one WebSocket for all that the page shows as it happens; nothing is polled.
 *
 * It comes back by itself, soon at first and then more slowly, and at once when the machine is online again or the
 * page is looked at again. A stream that has been silent for too long is dead, whatever the socket says.
 */

import { signal } from "@preact/signals";
import { findOut, logInAgain, presence } from "../api/account";
import { socketUrl } from "../api/base";
import { store } from "./store";
import type { Message } from "./types";

/** Seconds: the daemon says something every 15. */
const SILENCE = 40;
const FIRST = 0.3;
const LONGEST = 10;

const LOGGED_OUT = 4401;

/** `cut` says since when (milliseconds since 1970); what is shown may be old. */
export const connection = signal<{ state: "connecting" | "open" | "cut"; since: number }>({
  state: "connecting",
  since: Date.now(),
});

let socket: WebSocket | null = null;
let wanted = false;
let pause = FIRST;
let timer: ReturnType<typeof setTimeout> | undefined;
let watchdog: ReturnType<typeof setTimeout> | undefined;

/** Begin to listen, and go on until `stop`. */
export function listen(): void {
  if (wanted) return;
  wanted = true;
  pause = FIRST;
  connect();
}

/** Listen no more. */
export function stop(): void {
  wanted = false;
  clearTimeout(timer);
  clearTimeout(watchdog);
  socket?.close();
  socket = null;
}

/** Try again now, instead of after the pause. */
export function hurry(): void {
  if (!wanted || socket !== null) return;
  pause = FIRST;
  connect();
}

addEventListener("online", hurry);
addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") hurry();
});

function connect(): void {
  clearTimeout(timer);
  const one = new WebSocket(socketUrl("live", { usage: 2, since: store.lastEvent }));
  socket = one;
  listenedTo(one);
  one.onmessage = (event: MessageEvent<string>) => {
    listenedTo(one);
    if (connection.value.state !== "open") connection.value = { state: "open", since: Date.now() };
    pause = FIRST;
    store.take(JSON.parse(event.data) as Message);
  };
  one.onclose = (event) => {
    clearTimeout(watchdog);
    if (socket !== one) return;
    socket = null;
    if (wanted) void closed(event.code);
  };
}

/** It is alive: or is it, if nothing comes for so long? */
function listenedTo(one: WebSocket): void {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => one.close(), SILENCE * 1000);
}

async function closed(code: number): Promise<void> {
  if (connection.value.state !== "cut") connection.value = { state: "cut", since: Date.now() };
  if (code === LOGGED_OUT) {
    await logInAgain().catch(() => undefined);
  } else {
    // Rights may be others (1012), or the session may have ended while we were away: a handshake does not tell.
    await findOut();
    if (presence.value === "expired") await logInAgain().catch(() => undefined);
  }
  if (!wanted || socket !== null) return;
  clearTimeout(timer);
  // Not all pages at the same moment, when the daemon is back.
  timer = setTimeout(connect, pause * 1000 * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, LONGEST);
}
