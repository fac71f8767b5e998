/** What can be done to a server as a whole. */

import { serverPath } from "./base";
import { askJson } from "./request";
import { Problem } from "./problem";

export type Action = "START" | "TERM" | "KILL" | "RESTART" | "PAUSE" | "RESUME";

/** Do it; throws `Problem`, with the reason if it could not be done. */
export async function control(server: string, action: Action | `SIGNAL ${string}`): Promise<void> {
  const told = await askJson<{ success: boolean; error?: string }>(serverPath(server), { method: "POST", body: action });
  if (!told.success) throw new Problem(told.error ?? "", "not-done");
}
