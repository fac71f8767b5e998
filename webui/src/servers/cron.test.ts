import { expect, it } from "vitest";
import { cronText } from "./cron";

it.each([
  ["* * * * *", "every minute"],
  ["*/15 * * * *", "every 15 minutes"],
  ["@hourly", "every hour"],
  ["5 * * * *", "every hour at 5 past"],
  ["0 */6 * * *", "every 6 hours"],
  ["0 4 * * *", "every day at 04:00"],
  ["30 4,16 * * *", "every day at 04:30, 16:30"],
  ["0 4 * * MON-FRI", "Monday to Friday at 04:00"],
  ["0 4 * * 1,3", "Monday, Wednesday at 04:00"],
  ["0 4 * * 7", "Sunday at 04:00"],
  ["0 4 * * SAT,SUN", "Saturday and Sunday at 04:00"],
  ["0 0 1 * *", "on day 1 of each month at 00:00"],
  ["0 0 L * *", "on the last day of each month at 00:00"],
  ["@yearly", "on January 1 at 00:00"],
  ["15 3 24 DEC *", "on December 24 at 03:15"],
])("%s is %s", (expression, told) => expect(cronText(expression)).toBe(told));

it.each(["*/7 * * * *", "*/7 1-5 L * MON", "0 4 1 * MON", "0 4 * * MON#1", "nonsense", "", "61 4 * * *", "0 */5 * * *"])(
  "leaves %s as it is",
  (expression) => expect(cronText(expression)).toBeNull(),
);
