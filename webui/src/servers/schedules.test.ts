// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { freshFor, type Schedule } from "./schedules";

const one = (told: Partial<Schedule>): Schedule => ({ running: false, next: [], ...told }) as Schedule;
const at = (moment: number) => ({ at: moment, text: "" });

it("is asked again a moment after the next run, and soon while one goes on", () => {
  expect(freshFor([one({ next: [at(160)] }), one({ next: [at(130), at(190)] })], 100)).toBe(31_000);
  expect(freshFor([one({ running: true, next: [at(160)] })], 100)).toBe(2000);
});

it("is not asked again if nothing will happen, and not too often if clocks differ", () => {
  expect(freshFor([one({})], 100)).toBeNull();
  expect(freshFor([one({ next: [at(50)] })], 100)).toBe(1000);
  expect(freshFor([one({ next: [at(1e12)] })], 100)).toBe(2 ** 31 - 1);
});
