/** Not built yet. */

/** Draw it. */
export default function Config() {
  return <p>…</p>;
}
