/** The accounts: who can log in, and what he may do. */

import "./people.css";
import { useState } from "preact/hooks";
import { account, findOut, forget, may } from "../../api/account";
import { ask } from "../../api/request";
import { Button } from "../../parts/button";
import { open, sure } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { Empty, Load, useLoad } from "../../parts/load";
import { Menu } from "../../parts/menu";
import { tell } from "../../parts/toast";
import { go, hashOf } from "../../route";
import { t } from "../../strings";
import { NameDialog, NewAccount, PasswordDialog, RightsDialog } from "./accountdialogs";
import { Permitted } from "./permitted";
import { mayManage, people, type Person, reaches } from "./people";

type All = Record<string, Person>;

/** Draw it. */
export default function Accounts() {
  const all = useLoad(people, []);
  const [filter, setFilter] = useState("");
  const create = () => open((close) => <NewAccount close={close} done={all.reload} />);
  return (
    <>
      <div class="title">
        <h1 class="grow">{t.nav.accounts}</h1>
        <Button
          kind="primary"
          icon="plus"
          disabled={!may("accounts.create")}
          hint={may("accounts.create") ? undefined : t.accounts.mayNotCreate}
          onClick={create}
        >
          {t.accounts.create}
        </Button>
      </div>
      <Load of={all}>{(found) => <List all={found} filter={filter} setFilter={setFilter} reload={all.reload} />}</Load>
    </>
  );
}

function List(props: { all: All; filter: string; setFilter: (text: string) => void; reload: () => Promise<void> }) {
  const { all, filter, setFilter, reload } = props;
  const wanted = filter.trim().toLowerCase();
  const me = account.value?.name;
  const names = Object.keys(all)
    .filter((name) => name.toLowerCase().includes(wanted))
    .sort((one, other) => Number(other === me) - Number(one === me) || one.localeCompare(other));
  return (
    <>
      {Object.keys(all).length > 6 && (
        <TextField label={t.accounts.filter} type="search" value={filter} onInput={setFilter} />
      )}
      {names.length === 0 && <Empty icon="users" text={t.accounts.noneFound} />}
      <ul class="people">
        {names.map((name) => {
          const person = all[name];
          return person && <Entry key={name} name={name} person={person} all={all} reload={reload} />;
        })}
      </ul>
    </>
  );
}

function Entry({ name, person, all, reload }: { name: string; person: Person; all: All; reload: () => Promise<void> }) {
  const me = name === account.value?.name;
  const reached = reaches(person);
  return (
    <li class="card person">
      <div class="row tight person-head">
        <div class="row grow">
          <Icon name="user" />
          <h2>{name}</h2>
          {me && <span class="chip plain info">{t.accounts.you}</span>}
          {person.disabled && <span class="chip bad">{t.accounts.disabled}</span>}
          {person.roles.map((role) => (
            <span key={role} class="chip plain">
              {role}
            </span>
          ))}
          <span class={person.secondFactor ? "chip good" : "chip plain dim"}>
            {person.secondFactor ? t.accounts.factorOn : t.accounts.factorOff}
          </span>
        </div>
        <Actions name={name} person={person} all={all} reload={reload} />
      </div>
      <Permitted roles={person.roles} grants={person.grants} />
      <div class="row dim person-foot">
        {me || may("sessions.view") ? (
          <a href={hashOf(["sessions"], me ? {} : { user: name })}>{t.accounts.sessions(person.sessions)}</a>
        ) : (
          <span>{t.accounts.sessions(person.sessions)}</span>
        )}
        <span>{t.accounts.keys(person.keys)}</span>
        {may("accounts.update") && !reached && <span class="warn">{t.accounts.above}</span>}
      </div>
    </li>
  );
}

function Actions({
  name,
  person,
  all,
  reload,
}: {
  name: string;
  person: Person;
  all: All;
  reload: () => Promise<void>;
}) {
  const me = name === account.value?.name;
  const reached = reaches(person);
  const hint = reached ? undefined : t.accounts.above;
  const patch = async (wish: object, said: string) => {
    await ask("accounts", { method: "PATCH", query: { username: name }, json: wish });
    tell({ kind: "good", text: said });
    // Who has disabled himself is out.
    if (me && "disabled" in wish) forget();
    else await changed(me, reload);
  };
  const lastManager =
    mayManage(person) && !Object.entries(all).some(([other, one]) => other !== name && mayManage(one));
  const disable = async () => {
    const text = [me ? t.accounts.disableYourself : t.accounts.disableWhat(name), lastManager ? t.accounts.last : ""];
    const question = {
      title: t.accounts.disableSure(name),
      text: text.join(" "),
      action: t.accounts.disable,
      danger: true,
    };
    if (!(await sure(question))) return;
    await patch({ disabled: true }, t.accounts.disabledNow(name));
  };
  const endFactor = async () => {
    const question = {
      title: t.accounts.endFactorSure(name),
      text: t.accounts.endFactorWhat,
      action: t.accounts.endFactor,
    };
    if (await sure({ ...question, danger: true })) await patch({ secondFactor: false }, t.accounts.factorEnded(name));
  };
  const remove = async () => {
    const text = [
      t.accounts.deleteWhat(person.sessions, person.keys),
      me ? t.accounts.deleteYourself : "",
      lastManager ? t.accounts.last : "",
    ];
    const question = {
      title: t.accounts.deleteSure(name),
      text: text.join(" "),
      action: t.accounts.delete,
      danger: true,
    };
    if (!(await sure(question))) return;
    await ask("accounts", { method: "DELETE", query: { username: name } });
    tell({ kind: "good", text: t.accounts.deleted(name) });
    if (me) forget();
    else await reload();
  };
  const done = () => changed(me, reload);
  const update = may("accounts.update");
  return (
    <>
      {update && (
        <Button
          small
          icon="shield"
          disabled={!reached}
          hint={hint}
          onClick={() =>
            open((close) => <RightsDialog name={name} person={person} last={lastManager} close={close} done={done} />)
          }
        >
          {t.accounts.rights}
        </Button>
      )}
      <Menu
        label={t.accounts.actions(name)}
        small
        items={[
          update && {
            label: t.accounts.password,
            icon: "key",
            disabled: !reached,
            hint,
            run: () =>
              me ? go(hashOf(["account"])) : open((close) => <PasswordDialog name={name} close={close} done={done} />),
          },
          update && {
            label: t.accounts.rename,
            icon: "edit",
            disabled: !reached,
            hint,
            run: () => open((close) => <NameDialog name={name} close={close} done={done} />),
          },
          update &&
            person.secondFactor && {
              label: t.accounts.endFactor,
              icon: "shield",
              disabled: !reached,
              hint,
              run: endFactor,
            },
          may("audit.view") && {
            label: t.accounts.audit,
            icon: "list",
            run: () => go(hashOf(["audit"], { user: name })),
          },
          update && person.disabled
            ? {
                label: t.accounts.enable,
                icon: "check",
                disabled: !reached,
                hint,
                run: () => patch({ disabled: false }, t.accounts.enabledNow(name)),
              }
            : update && { label: t.accounts.disable, icon: "pause", disabled: !reached, hint, run: disable },
          may("accounts.delete") && {
            label: t.accounts.delete,
            icon: "trash",
            danger: true,
            disabled: !reached,
            hint,
            run: remove,
          },
        ]}
      />
    </>
  );
}

/** See how all is now; of oneself, also what one may, and how one is called. */
async function changed(me: boolean, reload: () => Promise<void>): Promise<void> {
  if (me) await findOut();
  await reload();
}
