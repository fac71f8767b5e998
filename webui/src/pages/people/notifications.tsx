/** Not built yet. */

/** Draw it. */
export default function Notifications() {
  return <p>…</p>;
}
