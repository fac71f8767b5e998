/** Not built yet. */

/** Draw it. */
export default function Account() {
  return <p>…</p>;
}
