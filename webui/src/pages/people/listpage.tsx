/** A page that lists what one has made, or what everybody has: keys, shares. */

import type { ComponentChildren } from "preact";
import { Button } from "../../parts/button";
import type { IconName } from "../../parts/icon";
import { Empty, Load, type Loaded } from "../../parts/load";
import { Ago } from "../../parts/time";
import { t } from "../../strings";
import { Whose } from "./whose";

export interface ListPageProps<T> {
  title: string;
  about: string;
  create: { label: string; may: boolean; whyNot: string; run: () => void };
  /** The page's name if one may see everybody's, and whether they are shown. */
  page: string | undefined;
  all: boolean;
  of: Loaded<T[]>;
  icon: IconName;
  none: string;
  /** Draws one of them. */
  children: (one: T) => ComponentChildren;
}

/** Draw it, the latest first. */
export function ListPage<T>({ title, about, create, page, all, of, icon, none, children }: ListPageProps<T>) {
  return (
    <>
      <div class="title">
        <h1 class="grow">{title}</h1>
        <Button
          kind="primary"
          icon="plus"
          disabled={!create.may}
          hint={create.may ? undefined : create.whyNot}
          onClick={create.run}
        >
          {create.label}
        </Button>
      </div>
      <p class="dim lead">{about}</p>
      {page !== undefined && <Whose page={page} all={all} />}
      <Load of={of}>
        {(found) =>
          found.length === 0 ? <Empty icon={icon} text={none} /> : <ul class="people">{[...found].reverse().map(children)}</ul>
        }
      </Load>
    </>
  );
}

/** Facts about a key or a share: until when it is good, when it was used and made. */
export function Times(props: {
  expires: ComponentChildren;
  of: { lastUse: number | null; lastAddress: string | null; created: number };
}) {
  const { lastUse, lastAddress, created } = props.of;
  return (
    <dl class="facts person-foot brief">
      <dt>{t.keys.expires}</dt>
      <dd>{props.expires}</dd>
      <dt>{t.keys.lastUse}</dt>
      <dd>
        {lastUse === null ? (
          t.keys.never
        ) : (
          <>
            <Ago at={lastUse} /> {lastAddress && t.keys.from(lastAddress)}
          </>
        )}
      </dd>
      <dt>{t.keys.created}</dt>
      <dd>
        <Ago at={created} />
      </dd>
    </dl>
  );
}
