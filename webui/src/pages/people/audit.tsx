/** Not built yet. */

/** Draw it. */
export default function Audit() {
  return <p>…</p>;
}
