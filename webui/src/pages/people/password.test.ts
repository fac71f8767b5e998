import { expect, it } from "vitest";
import { newPassword } from "./password";

it("is four groups of five, and another each time", () => {
  const some = Array.from({ length: 50 }, () => newPassword());
  for (const one of some) expect(one).toMatch(/^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
  expect(new Set(some).size).toBe(50);
});

it("has no letter that is more likely: each byte that counts means one, as often as any other", () => {
  const counts = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    let given = 0;
    // The byte, and then only zeros: it stands first, unless it was thrown away.
    const first = newPassword((into) => {
      into.fill(0);
      if (given++ === 0) into[0] = byte;
      return into;
    })[0];
    counts.set(first ?? "", (counts.get(first ?? "") ?? 0) + 1);
  }
  const zero = newPassword((into) => into.fill(0))[0] ?? "";
  const thrown = 256 % 31;
  expect(counts.size).toBe(31);
  for (const [letter, count] of counts) expect(count).toBe(letter === zero ? 8 + thrown : 8);
});
