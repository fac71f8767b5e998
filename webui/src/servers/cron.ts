/**
 * What a cron expression means, in words, as far as a short sentence can say it; null for those that it cannot.
 *
 * It only tells: when something runs is for the daemon to say (`next`), so what is not surely understood is left alone.
 */

import { t } from "../strings";

const words = t.schedules.cron;

const NAMED: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** Return what it means, such as `every day at 04:00`. */
export function cronText(expression: string): string | null {
  const text = NAMED[expression.trim().toLowerCase()] ?? expression.trim();
  const fields = text.split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) return null;
  const daily = day === "*" && month === "*";
  if (daily && weekday === "*") {
    if (hour === "*") return often(minute);
    const hours = stepOf(hour, 24);
    if (hours !== null && number(minute, 59) !== null) return words.hours(hours, minute.replace(/^0+(?=\d)/, ""));
  }
  const time = timesOf(minute, hour);
  if (time === null) return null;
  if (daily) {
    if (weekday === "*") return words.daily(time);
    const days = daysOf(weekday);
    return days === null ? null : words.weekly(days, time);
  }
  if (weekday !== "*") return null; // crontab's "either of both" takes more than a short sentence
  if (month === "*") {
    if (day.toUpperCase() === "L") return words.lastOfMonth(time);
    return number(day, 31) === null ? null : words.monthly(day, time);
  }
  const named = MONTHS.indexOf(month.toUpperCase());
  const name = words.months[named >= 0 ? named : (number(month, 12) ?? 0) - 1];
  return name === undefined || number(day, 31) === null ? null : words.yearly(day, name, time);
}

function often(minute: string): string | null {
  if (minute === "*" || minute === "*/1") return words.everyMinute;
  const step = stepOf(minute, 60);
  if (step !== null) return words.minutes(step);
  return number(minute, 59) === null ? null : words.hourly(`${Number(minute)}`);
}

/** A step that divides the whole: others begin anew each time, and mean something else than they say. */
function stepOf(field: string, whole: number): number | null {
  const found = /^\*\/(\d+)$/.exec(field);
  const step = found === null ? 0 : Number(found[1]);
  return step > 1 && whole % step === 0 ? step : null;
}

function timesOf(minute: string, hour: string): string | null {
  const at = number(minute, 59);
  const hours = hour.split(",").map((one) => number(one, 23));
  if (at === null || hours.length > 4 || hours.some((one) => one === null)) return null;
  return hours.map((one) => `${`${one}`.padStart(2, "0")}:${`${at}`.padStart(2, "0")}`).join(", ");
}

function daysOf(weekday: string): string | null {
  const days = weekday.split(",").map(dayOf);
  if (/^(?:1|MON)-(?:5|FRI)$/i.test(weekday)) return words.workdays;
  if (days.some((one) => one === null)) return null;
  if (days.length === 2 && days.includes(6) && days.includes(0)) return words.weekend;
  return days.map((one) => words.days[one ?? 0]).join(", ");
}

function dayOf(text: string): number | null {
  const named = DAYS.indexOf(text.toUpperCase());
  return named >= 0 ? named : ((number(text, 7) ?? NaN) % 7 || (number(text, 7) === null ? null : 0));
}

function number(text: string, most: number): number | null {
  return /^\d{1,2}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
