import { expect, it } from "vitest";
import { modulesOf, qrPath } from "./qr";

/** A code of 21 modules, as the daemon draws it: two light ones around it, two rows in a line. */
function drawing(modules: boolean[][], border: number): string {
  const light = () => Array.from({ length: modules.length + border * 2 }, () => false);
  const rows = [
    ...Array.from({ length: border }, light),
    ...modules.map((row) => [...Array<boolean>(border).fill(false), ...row, ...Array<boolean>(border).fill(false)]),
    ...Array.from({ length: border }, light),
  ];
  if (rows.length % 2 === 1) rows.push(light().map(() => true)); // as segno's wrapper fills up: dark, which is blank
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    const upper = rows[y] ?? [];
    const lower = rows[y + 1] ?? [];
    lines.push(upper.map((dark, x) => (dark ? (lower[x] ? " " : "▄") : lower[x] ? "▀" : "█")).join(""));
  }
  return lines.join("\n");
}

const SIDE = 21;
const finder = (x: number, y: number) =>
  x >= 0 && y >= 0 && x < 7 && y < 7 && (x % 6 === 0 || y % 6 === 0 || (x > 1 && x < 5 && y > 1 && y < 5));
const code = Array.from({ length: SIDE }, (_, y) =>
  Array.from(
    { length: SIDE },
    (_, x) => finder(x, y) || finder(x - 14, y) || finder(x, y - 14) || (x > 8 && y > 8 && (x * y) % 3 === 0),
  ),
);

it("reads what the daemon draws", () => {
  expect(modulesOf(drawing(code, 2))).toEqual(code);
  expect(modulesOf(drawing(code, 1))).toEqual(code);
});
it("reads nothing else", () => {
  expect(modulesOf("")).toBeUndefined();
  expect(modulesOf("no code")).toBeUndefined();
  expect(modulesOf("██\n██")).toBeUndefined();
});
it("draws each dark module once, within a quiet zone of four", () => {
  const { path, side } = qrPath([
    [true, true, false],
    [false, false, false],
    [true, false, true],
  ]);
  expect(side).toBe(11);
  expect(path).toBe("M4 4h2v1h-2zM4 6h1v1h-1zM6 6h1v1h-1z");
});
