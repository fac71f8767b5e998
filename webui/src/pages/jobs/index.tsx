/** Not built yet. */

/** Draw it. */
export default function Jobs() {
  return <p>…</p>;
}
