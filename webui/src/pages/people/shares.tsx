/** Shares: links to one console or one file, for whoever has them. */

import { useEffect } from "preact/hooks";
import { account, may, maySomewhere } from "../../api/account";
import { ask, askJson } from "../../api/request";
import { Button } from "../../parts/button";
import { open, sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { useLoad } from "../../parts/load";
import { Until } from "../../parts/time";
import { tell } from "../../parts/toast";
import { go, hashOf, place } from "../../route";
import { t } from "../../strings";
import { ListPage, Times } from "./listpage";
import type { Share } from "./people";
import { ShareDialog } from "./sharedialog";
import "./people.css";

/** Draw it. `?new=file&server=…&path=…` opens the dialog for a new one, filled in. */
export default function Shares() {
  const { query } = place.value;
  const all = query.get("all") === "true" && maySomewhere("shares.view");
  const shares = useLoad(
    async (signal) =>
      (await askJson<{ shares: Share[] }>("shares", { query: { all: all || undefined }, signal })).shares,
    [all],
  );
  const create = (kind: "console" | "file" = "file", server = "", path = "") =>
    open((close) => <ShareDialog kind={kind} server={server} path={path} close={close} done={shares.reload} />);
  useEffect(() => {
    const kind = query.get("new");
    if (kind !== "console" && kind !== "file") return;
    go(hashOf(["shares"]), true);
    create(kind, query.get("server") ?? "", query.get("path") ?? "");
  }, [query.get("new")]);
  const making = {
    label: t.shares.create,
    may: maySomewhere("shares.create"),
    whyNot: t.shares.mayNotCreate,
    run: () => create(),
  };
  return (
    <ListPage
      title={t.nav.shares}
      about={t.shares.about}
      create={making}
      page={maySomewhere("shares.view") ? "shares" : undefined}
      all={all}
      of={shares}
      icon="link"
      none={all ? t.shares.none : t.shares.noneOwn}
    >
      {(share) => <Entry key={share.id} of={share} all={all} reload={shares.reload} />}
    </ListPage>
  );
}

function Entry({ of, all, reload }: { of: Share; all: boolean; reload: () => Promise<void> }) {
  const mine = of.owner === account.value?.name;
  const what = of.kind === "file" ? t.shares.file(of.path ?? "", of.server) : t.shares.console(of.server);
  const end = async () => {
    const question = {
      title: t.shares.deleteSure,
      text: t.shares.deleteWhat(what),
      action: t.shares.delete,
      danger: true,
    };
    if (!(await sure(question))) return;
    await ask("shares", { method: "DELETE", query: { id: of.id } });
    tell({ kind: "good", text: t.shares.deleted });
    await reload();
  };
  return (
    <li class="card person">
      <div class="row tight person-head">
        <div class="row grow">
          <Icon name={of.kind === "file" ? "file" : "terminal"} />
          <h2>{what}</h2>
          {all && <span class="chip plain">{mine ? t.accounts.you : of.owner}</span>}
        </div>
        {(mine || may("shares.delete", of.server)) && (
          <Button small icon="trash" label={t.shares.deleteOf(what)} onClick={end}>
            {t.shares.delete}
          </Button>
        )}
      </div>
      <Times of={of} expires={<Until at={of.expires} />} />
    </li>
  );
}
