/** What somebody may do, in words. */

import { account } from "../../api/account";
import { t } from "../../strings";
import type { Grant } from "./grants";
import { wordsOf } from "./grantwords";
import { own } from "../../own";

/** Draw what grants permit, and roles by what they grant if we know it. */
export function Permitted(props: { roles?: readonly string[]; grants: readonly Grant[]; small?: boolean }) {
  const known = account.value?.roles ?? {};
  const roles = props.roles ?? [];
  const unknown = roles.filter((role) => own(known, role) === undefined);
  const words = wordsOf([...roles.flatMap((role) => own(known, role) ?? []), ...props.grants]);
  if (words.length === 0 && unknown.length === 0) return <p class="hint">{t.grants.nothing}</p>;
  return (
    <ul class={props.small ? "words hint" : "words"}>
      {words.map((one, at) => (
        <li key={at}>
          <b>{one.where}:</b> {one.what}
        </li>
      ))}
      {unknown.map((role) => (
        <li key={role}>{t.grants.whatever(role)}</li>
      ))}
    </ul>
  );
}
