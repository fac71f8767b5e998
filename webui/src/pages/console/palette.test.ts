import { expect, test } from "vitest";
import { DARK, LIGHT, type Palette } from "./palette";

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = new Set(["background", "cursorAccent", "selectionBackground", "selectionForeground"]);

test.each([
  ["dark", DARK, ["black"]],
  ["light", LIGHT, ["white", "brightWhite"]],
] as [string, Palette, string[]][])("%s colours can be read on their ground", (_, palette, grounds) => {
  for (const [name, colour] of Object.entries(palette)) {
    if (GROUNDS.has(name) || grounds.includes(name)) continue;
    expect([name, contrast(colour, palette.background) >= 4.5]).toEqual([name, true]);
  }
  expect(contrast(palette.selectionForeground, palette.selectionBackground)).toBeGreaterThanOrEqual(4.5);
});
