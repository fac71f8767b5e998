/**
 * A QR code as the API draws it for terminals, read into its modules: half blocks, two rows in each line, where what is
 * *light* in the code is a block.
 */

const HALVES: Readonly<Record<string, readonly [light: boolean, light: boolean]>> = {
  "█": [true, true],
  "▀": [true, false],
  "▄": [false, true],
  " ": [false, false],
};

/** What scanners want around a code, in modules. */
const QUIET = 4;

/** Return which modules are dark, by row, without what is light around it; nothing if this is no drawing of a code. */
export function modulesOf(drawn: string): boolean[][] | undefined {
  const rows: boolean[][] = [];
  for (const line of drawn.split("\n").filter((one) => one !== "")) {
    const halves = [...line].map((char) => HALVES[char]);
    if (halves.some((half) => half === undefined)) return undefined;
    rows.push(
      halves.map((half) => !half?.[0]),
      halves.map((half) => !half?.[1]),
    );
  }
  // A code has an odd number of rows: what fills the last line up is blank, from edge to edge.
  if (rows.at(-1)?.every(Boolean)) rows.pop();
  const used = rows.flatMap((row, y) => (row.includes(true) ? [y] : []));
  const [top, bottom] = [used[0], used.at(-1)];
  if (top === undefined || bottom === undefined) return undefined;
  const body = rows.slice(top, bottom + 1);
  const left = Math.min(...body.map((row) => (row.includes(true) ? row.indexOf(true) : Infinity)));
  const size = bottom - top + 1;
  // The finder patterns reach into three corners: a code is a square with a side of 21, 25, 29, …
  if (size < 21 || (size - 17) % 4 !== 0) return undefined;
  return body.map((row) => row.slice(left, left + size));
}

/** Return the path of the dark modules, and the side of the box with the quiet zone. */
export function qrPath(modules: readonly (readonly boolean[])[]): { path: string; side: number } {
  let path = "";
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x += 1;
      path += `M${start + QUIET} ${y + QUIET}h${x - start + 1}v1h-${x - start + 1}z`;
    }
  });
  return { path, side: modules.length + QUIET * 2 };
}
