/** The choice between what is one's own and what is everybody's, as tabs that can be linked. */

import { hashOf } from "../../route";
import { t } from "../../strings";

/** Draw it. */
export function Whose({ page, all }: { page: string; all: boolean }) {
  return (
    <nav class="tabs" aria-label={t.people.whose}>
      <a href={hashOf([page])} aria-current={all ? undefined : "page"}>
        {t.people.own}
      </a>
      <a href={hashOf([page], { all: "true" })} aria-current={all ? "page" : undefined}>
        {t.people.all}
      </a>
    </nav>
  );
}
