/** Not built yet. */

import type { ServerPageProps } from "../server";

/** Draw it. */
export default function Logs({ name }: ServerPageProps) {
  return <p>{name}</p>;
}
