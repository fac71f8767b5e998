/** Not built yet. */

import type { ServerPageProps } from "./index";

/** Draw it. */
export default function Overview({ name }: ServerPageProps) {
  return <p>{name}</p>;
}
