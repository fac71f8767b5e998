/** The choice between what is one's own and what is everybody's, as tabs that can be linked. */

import { Tabs } from "../../parts/tabs";
import { hashOf } from "../../route";
import { t } from "../../strings";

/** Draw it. */
export function Whose({ page, all }: { page: string; all: boolean }) {
  const own = { href: hashOf([page]), title: t.people.own, current: !all };
  const every = { href: hashOf([page], { all: "true" }), title: t.people.all, current: all };
  return <Tabs label={t.people.whose} tabs={[own, every]} />;
}
