/** API keys, for programs. */

import { account, may } from "../../api/account";
import { askJson, ask } from "../../api/request";
import { daemonTime } from "../../live/store";
import { Button } from "../../parts/button";
import { open, sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Empty, Load, useLoad } from "../../parts/load";
import { Ago, Until } from "../../parts/time";
import { tell } from "../../parts/toast";
import { fullMoment } from "../../format";
import { place } from "../../route";
import { t } from "../../strings";
import { KeyDialog } from "./keydialog";
import { Permitted } from "./permitted";
import type { Key } from "./people";
import { Whose } from "./whose";
import "./people.css";

/** Draw it. */
export default function Keys() {
  const all = place.value.query.get("all") === "true" && may("keys.view");
  const keys = useLoad(
    async (signal) => (await askJson<{ keys: Key[] }>("keys", { query: { all: all || undefined }, signal })).keys,
    [all],
  );
  const create = () => open((close) => <KeyDialog close={close} done={keys.reload} />);
  return (
    <>
      <div class="title">
        <h1 class="grow">{t.nav.keys}</h1>
        <Button
          kind="primary"
          icon="plus"
          disabled={!may("keys.create")}
          hint={may("keys.create") ? undefined : t.keys.mayNotCreate}
          onClick={create}
        >
          {t.keys.create}
        </Button>
      </div>
      <p class="dim lead">{t.keys.about}</p>
      {may("keys.view") && <Whose page="keys" all={all} />}
      <Load of={keys}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon="key" text={all ? t.keys.none : t.keys.noneOwn} />
          ) : (
            <ul class="people">
              {[...found].reverse().map((key) => (
                <Entry key={key.id} of={key} all={all} reload={keys.reload} />
              ))}
            </ul>
          )
        }
      </Load>
    </>
  );
}

function Entry({ of, all, reload }: { of: Key; all: boolean; reload: () => Promise<void> }) {
  const mine = of.owner === account.value?.name;
  const over = of.expires !== null && of.expires < daemonTime();
  const end = async () => {
    const question = {
      title: t.keys.deleteSure(of.name),
      text: t.keys.deleteWhat,
      action: t.keys.delete,
      danger: true,
    };
    if (!(await sure(question))) return;
    await ask("keys", { method: "DELETE", query: { id: of.id } });
    tell({ kind: "good", text: t.keys.deleted(of.name) });
    await reload();
  };
  const everything = of.roles.length === 0 && of.grants.length === 1 && of.grants[0] === "*";
  return (
    <li class="card person">
      <div class="row tight person-head">
        <div class="row grow">
          <Icon name="key" />
          <h2>{of.name}</h2>
          {all && <span class="chip plain">{mine ? t.accounts.you : of.owner}</span>}
          {over && <span class="chip bad">{t.keys.over}</span>}
        </div>
        {(mine || may("keys.delete")) && (
          <Button small icon="trash" label={t.keys.deleteOf(of.name)} onClick={end}>
            {t.keys.delete}
          </Button>
        )}
      </div>
      {everything ? <p class="keymay">{t.keys.asOwner}</p> : <Permitted roles={of.roles} grants={of.grants} />}
      <dl class="facts person-foot brief">
        <dt>{t.keys.lastUse}</dt>
        <dd>
          {of.lastUse === null ? (
            t.keys.never
          ) : (
            <>
              <Ago at={of.lastUse} /> {of.lastAddress && t.keys.from(of.lastAddress)}
            </>
          )}
        </dd>
        <dt>{t.keys.expires}</dt>
        <dd>{of.expires === null ? t.keys.notExpires : over ? fullMoment(of.expires) : <Until at={of.expires} />}</dd>
        <dt>{t.keys.created}</dt>
        <dd>
          <Ago at={of.created} />
        </dd>
      </dl>
    </li>
  );
}
