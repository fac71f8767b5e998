/** Not built yet. */

/** Draw it. */
export default function Shares() {
  return <p>…</p>;
}
