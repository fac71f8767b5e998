/** Not built yet. */

/** Draw it. */
export default function Host() {
  return <p>…</p>;
}
