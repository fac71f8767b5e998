/** Numbers and moments as people read them. Moments are Unix seconds, durations seconds. */

import { t } from "./strings";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Return so many bytes, such as `1.5 MiB`. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  // What would be shown as 1024 is 1 of the next.
  while (Math.abs(value) >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Return percent of one core, such as `12.5 %`. */
export function percent(value: number): string {
  return `${value.toFixed(value < 99.95 ? 1 : 0)} %`;
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** Return how long that is in its two largest units, such as `3 h 5 min`; `exact` keeps tenths below ten seconds. */
export function duration(seconds: number, exact = false): string {
  if (exact && seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  let left = Math.max(0, Math.floor(seconds));
  const first = STEPS.findIndex(([size]) => left >= size);
  if (first < 0) return "0 s";
  const told: string[] = [];
  for (const [size, name] of STEPS.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) told.push(`${count} ${name}`);
  }
  return told.join(" ");
}

/** Return how long ago that was, such as `5 min ago`. */
export function ago(at: number, now = Date.now() / 1000): string {
  const seconds = now - at;
  return seconds < 1 ? t.time.now : t.time.ago(duration(seconds).split(" ").slice(0, 2).join(" "));
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const BOTH = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Return a moment: only the time if it was today. */
export function moment(at: number, now = Date.now() / 1000): string {
  const then = new Date(at * 1000);
  return then.toDateString() === new Date(now * 1000).toDateString() ? TIME.format(then) : BOTH.format(then);
}

/** Return a moment with its day. */
export function fullMoment(at: number): string {
  return BOTH.format(new Date(at * 1000));
}

/** Return the day of a moment. */
export function day(at: number): string {
  return DAY.format(new Date(at * 1000));
}
