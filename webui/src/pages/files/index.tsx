/** Not built yet. */

import type { ServerPageProps } from "../server";

/** Draw it. */
export default function Files({ name }: ServerPageProps) {
  return <p>{name}</p>;
}
