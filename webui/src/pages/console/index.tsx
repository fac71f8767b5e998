/** Not built yet. */

import type { ServerPageProps } from "../server";

/** Draw it. */
export default function Console({ name }: ServerPageProps) {
  return <p>{name}</p>;
}
