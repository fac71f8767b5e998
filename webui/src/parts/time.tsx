/** Moments and counts that go on by themselves. All of them share one tick a second, and none while nobody looks. */

import { signal } from "@preact/signals";
import { ago, duration, fullMoment } from "../format";
import { store } from "../live/store";
import { t } from "../strings";

/** The Unix time by our clock, to the second. */
export const now = signal(Date.now() / 1000);

setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now() / 1000;
}, 1000);
addEventListener("visibilitychange", () => void (now.value = Date.now() / 1000));

/** How long ago a moment by the daemon's clock was; the moment itself when pointed at. */
export function Ago({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={fullMoment(at)}>
      {ago(at, now.value + store.ahead.value)}
    </time>
  );
}

/** How long it has been since a moment by the daemon's clock. */
export function Since({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={fullMoment(at)}>
      {duration(now.value + store.ahead.value - at)}
    </time>
  );
}

/** How long it will be until a moment by the daemon's clock. */
export function Until({ at }: { at: number }) {
  const left = Math.ceil(at - now.value - store.ahead.value);
  return <span>{left > 0 ? t.time.in(duration(left)) : t.time.now}</span>;
}
