/** API keys, for programs. */

import { account, may } from "../../api/account";
import { askJson, ask } from "../../api/request";
import { daemonTime } from "../../live/store";
import { Button } from "../../parts/button";
import { open, sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { useLoad } from "../../parts/load";
import { Until } from "../../parts/time";
import { tell } from "../../parts/toast";
import { fullMoment } from "../../format";
import { place } from "../../route";
import { t } from "../../strings";
import { KeyDialog } from "./keydialog";
import { ListPage, Times } from "./listpage";
import { Permitted } from "./permitted";
import type { Key } from "./people";
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
    <ListPage
      title={t.nav.keys}
      about={t.keys.about}
      create={{ label: t.keys.create, may: may("keys.create"), whyNot: t.keys.mayNotCreate, run: create }}
      page={may("keys.view") ? "keys" : undefined}
      all={all}
      of={keys}
      icon="key"
      none={all ? t.keys.none : t.keys.noneOwn}
    >
      {(key) => <Entry key={key.id} of={key} all={all} reload={keys.reload} />}
    </ListPage>
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
      <Times
        of={of}
        expires={of.expires === null ? t.keys.notExpires : over ? fullMoment(of.expires) : <Until at={of.expires} />}
      />
    </li>
  );
}
