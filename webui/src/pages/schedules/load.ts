/** The schedules of a server as they are: asked again when, by what they say themselves, they are different. */

import { useEffect } from "preact/hooks";
import { useBack } from "../../live/again";
import { store } from "../../live/store";
import { type Loaded, useLoad } from "../../parts/load";
import { freshFor, type Schedule, schedulesOf } from "../../servers/schedules";

/** Load them, and keep them true. */
export function useSchedules(server: string): Loaded<Schedule[]> {
  const loaded = useLoad((signal) => schedulesOf(server, signal), [server]);
  useBack(loaded.reload);
  useEffect(() => {
    const wait = loaded.data && freshFor(loaded.data, Date.now() / 1000 + store.ahead.peek());
    if (wait == null) return undefined;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") void loaded.reload();
    }, wait);
    return () => clearTimeout(timer);
  }, [loaded.data]);
  useEffect(() => {
    const seen = () => document.visibilityState === "visible" && void loaded.reload();
    addEventListener("visibilitychange", seen);
    return () => removeEventListener("visibilitychange", seen);
  }, [loaded.reload]);
  return loaded;
}
