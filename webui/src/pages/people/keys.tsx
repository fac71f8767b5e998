/** Not built yet. */

/** Draw it. */
export default function Keys() {
  return <p>…</p>;
}
