import { describe, expect, it } from "vitest";
import { appended, type Columns, joined, plotted, summary } from "./columns";

const PAST: Columns = {
  time: [100, 110, 111, 120, 130],
  cpu: [1, 2, null, 4, 5],
  cpuMax: [1, 3, null, 4, 9],
  memory: [10, 20, null, 40, 50],
  read: [0, 0, null, null, 7],
};

describe("a graph's data", () => {
  it("has the columns asked for, with gaps as nulls", () =>
    expect(plotted(PAST, ["cpu", "read"])).toEqual([
      [100, 110, 111, 120, 130],
      [1, 2, null, 4, 5],
      [0, 0, null, null, 7],
    ]));
  it("has gaps for a column that is not there", () =>
    expect(plotted(PAST, ["swap"])).toEqual([[100, 110, 111, 120, 130], [null, null, null, null, null]]));
  it("has one row beyond each edge, so that lines go on to it", () =>
    expect(plotted(PAST, ["cpu"], 115, 125)[0]).toEqual([111, 120, 130]));
  it("has a hole where nothing was measured, although no row says so", () => {
    const silent = { time: [0, 10, 20, 500, 510], cpu: [1, 1, 1, 2, 2] };
    expect(plotted(silent, ["cpu"])).toEqual([
      [0, 10, 20, 30, 500, 510],
      [1, 1, 1, null, 2, 2],
    ]);
  });
  it("takes no hole for where old rows of minutes meet new ones of seconds, or the other way round", () => {
    const mixed = { time: [0, 300, 600, 660, 720, 730, 740], cpu: [1, 1, 1, 1, 1, 1, 1] };
    expect(plotted(mixed, ["cpu"])[0]).toEqual(mixed.time);
    const coarser = { time: [0, 10, 20, 320, 620], cpu: [1, 1, 1, 1, 1] };
    expect(plotted(coarser, ["cpu"])[0]).toEqual(coarser.time);
  });
  it("can be empty", () => expect(plotted({ time: [], cpu: [] }, ["cpu"])).toEqual([[], []]));
});

describe("a row that has just been measured", () => {
  const usual = { step: 10, keep: 1000 };
  it("comes behind the others, and is its own peak", () => {
    const now = appended(PAST, 140, { cpu: 6, memory: 60 }, usual);
    expect(now.time).toEqual([100, 110, 111, 120, 130, 140]);
    expect([now["cpu"]?.at(-1), now["cpuMax"]?.at(-1), now["memory"]?.at(-1), now["read"]?.at(-1)]).toEqual([6, 6, 60, null]);
  });
  it("takes the place of one of the same slot, and keeps its peak", () => {
    const once = appended(PAST, 140, { cpu: 60, memory: 60 }, usual);
    const twice = appended(once, 142, { cpu: 6, memory: 61 }, usual);
    expect(twice.time).toEqual([100, 110, 111, 120, 130, 142]);
    expect([twice["cpu"]?.at(-1), twice["cpuMax"]?.at(-1)]).toEqual([6, 60]);
    expect(appended(twice, 150, { cpu: 1, memory: 1 }, usual).time).toEqual([100, 110, 111, 120, 130, 142, 150]);
  });
  it("changes nothing if it is older than the latest", () => expect(appended(PAST, 130, { cpu: 1 }, usual)).toBe(PAST));
  it("has a gap before it if it is of another run", () => {
    const now = appended(PAST, 140, { cpu: 6, memory: 60 }, { ...usual, anew: true });
    expect([now.time.slice(-2), now["cpu"]?.slice(-2)]).toEqual([
      [131, 140],
      [null, 6],
    ]);
  });
  it("has a gap before it if nothing was heard for long", () => {
    const now = appended(PAST, 500, { cpu: 6, memory: 60 }, usual);
    expect([now.time.slice(-2), now["cpu"]?.slice(-2)]).toEqual([
      [131, 500],
      [null, 6],
    ]);
  });
  it("drives out what is too old", () => {
    let now: Columns = { time: [], cpu: [], cpuMax: [] };
    for (let at = 0; at < 5000; at += 10) now = appended(now, at, { cpu: 1 }, usual);
    expect(now.time.length).toBeLessThanOrEqual(102);
    expect(now["cpu"]).toHaveLength(now.time.length);
  });
  it("can be the first", () => expect(appended({ time: [], cpu: [] }, 5, { cpu: 1 }, usual)).toEqual({ time: [5], cpu: [1] }));
  it("leaves what was there as it was", () => {
    appended(PAST, 140, { cpu: 6 }, usual);
    expect(PAST.time).toHaveLength(5);
  });
});

it("joins what was asked for later, each row once, without what is too old", () => {
  const later = { time: [130, 140, 150], cpu: [5, 6, 7] };
  expect(joined({ time: [100, 120, 130], cpu: [1, 4, 5] }, later, 30)).toEqual({ time: [120, 130, 140, 150], cpu: [4, 5, 6, 7] });
  const known = { time: [130], cpu: [5] };
  expect(joined(known, { time: [130], cpu: [5] }, 30)).toBe(known);
  expect(joined({ time: [], cpu: [] }, later, 30).time).toEqual([130, 140, 150]);
});

describe("the summary", () => {
  it("has the latest value, the average over time and the peak", () => {
    expect(summary([0, 300, 310, 320], [1, 10, null, 4])).toEqual({ latest: 4, average: 404 / 311, peak: 10, peakAt: 300 });
  });
  it("looks only at what is shown, and says nothing of nothing", () => {
    expect(summary([0, 10], [1, 5], 5)?.average).toBe(5);
    expect([summary([], []), summary([1], [null])]).toEqual([null, null]);
  });
});
