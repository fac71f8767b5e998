/** The choice of how long something is good. */

import { daemonTime } from "../../live/store";
import { Choice, TextField } from "../../parts/field";
import { t } from "../../strings";

const DAY = 86_400;
const LIVES = { hour: 3_600, day: DAY, week: 7 * DAY, month: 30 * DAY, quarter: 90 * DAY, year: 365 * DAY } as const;

/** A choice, and what was typed if it is a moment of one's own. */
export interface Life {
  choice: keyof typeof LIVES | "never" | "until";
  /** As a `datetime-local` field says it. */
  until: string;
}

/** Return the seconds for which something is good; undefined is forever, null no moment to come. */
export function secondsOf(life: Life, now = daemonTime()): number | undefined | null {
  if (life.choice === "never") return undefined;
  if (life.choice !== "until") return LIVES[life.choice];
  const left = Math.round(new Date(life.until).getTime() / 1000 - now);
  return left > 0 ? left : null;
}

/** Draw it; `forever` says whether that may be chosen. */
export function Expiry({ life, onChange, forever }: { life: Life; onChange: (life: Life) => void; forever: boolean }) {
  const options: [Life["choice"], string][] = [
    ...(["hour", "day", "week", "month", "quarter", "year"] as const).map((one): [Life["choice"], string] => [
      one,
      t.people.lives[one],
    ]),
    ["until", t.people.lives.until],
  ];
  if (forever) options.push(["never", t.people.lives.never]);
  return (
    <>
      <Choice
        label={t.people.life}
        value={life.choice}
        options={options}
        onChange={(choice) => onChange({ ...life, choice })}
      />
      {life.choice === "until" && (
        <TextField
          label={t.people.until}
          type="datetime-local"
          value={life.until}
          onInput={(until) => onChange({ ...life, until })}
          error={life.until !== "" && secondsOf(life) === null ? t.people.past : undefined}
          required
        />
      )}
    </>
  );
}
