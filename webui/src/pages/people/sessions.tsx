/** Not built yet. */

/** Draw it. */
export default function Sessions() {
  return <p>…</p>;
}
