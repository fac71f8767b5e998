/** Not built yet. */

/** Draw it. */
export default function Accounts() {
  return <p>…</p>;
}
