/** A sparkline: the latest measurements as a small line, the newest at the right. */

/** Draw it; `most` is what reaches the top, at least. It has nothing to say that its number beside it does not. */
export function Spark({ values, count, most }: { values: readonly (number | null)[]; count: number; most: number }) {
  return (
    <svg class="spark" viewBox={`0 0 ${count - 1} 20`} preserveAspectRatio="none" aria-hidden="true">
      <path d={sparkPath(values, count, most)} />
    </svg>
  );
}

/** Return the path of a sparkline in a box of `count` - 1 by 20; where there is no number, the line has a hole. */
export function sparkPath(values: readonly (number | null)[], count: number, most: number): string {
  const top = Math.max(most, ...values.map((value) => value ?? 0)) || 1;
  const first = count - values.length;
  let open = false;
  let path = "";
  values.forEach((value, at) => {
    if (value === null) {
      open = false;
      return;
    }
    path += `${open ? "L" : "M"}${first + at} ${(19 - (value / top) * 18).toFixed(1)}`;
    open = true;
  });
  return path;
}
