/** Sessions: where one is logged in, and how that ends. */

import { account, forget, may } from "../../api/account";
import { ask, askJson } from "../../api/request";
import { Button } from "../../parts/button";
import { sure } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Empty, Load, useLoad } from "../../parts/load";
import { Ago, Until } from "../../parts/time";
import { tell } from "../../parts/toast";
import { hashOf, place } from "../../route";
import { t } from "../../strings";
import type { Session } from "./people";
import { Whose } from "./whose";
import "./people.css";

/** Draw it: one's own, those of `?user=`, or with `?all=true` everybody's. */
export default function Sessions() {
  const { query } = place.value;
  const me = account.value?.name ?? "";
  const mayView = may("sessions.view");
  const all = query.get("all") === "true" && mayView;
  const user = all ? "" : (query.get("user") ?? "");
  const sessions = useLoad(
    async (signal) => {
      const asked = { all: all || undefined, user: user || undefined };
      return (await askJson<{ sessions: Session[] }>("sessions", { query: asked, signal })).sessions;
    },
    [all, user],
  );
  const end = async (
    which: Record<string, string | boolean>,
    question: { title: string; text: string },
    self: boolean,
  ) => {
    const action = t.sessions.end;
    const text = self ? `${question.text} ${t.sessions.self}` : question.text;
    if (!(await sure({ title: question.title, text, action, danger: true }))) return;
    const told = await (await ask("sessions", { method: "DELETE", query: which, mayBeOut: self })).json();
    tell({ kind: "good", text: t.sessions.ended((told as { ended: number }).ended) });
    if (self) forget();
    else await sessions.reload();
  };
  const whose = user && user !== me ? user : me;
  return (
    <>
      <div class="title">
        <h1 class="grow">{user && user !== me ? t.sessions.of(user) : t.nav.sessions}</h1>
        {user && user !== me && (
          <a class="button" href={hashOf(["sessions"])}>
            {t.sessions.back}
          </a>
        )}
      </div>
      {mayView && user === "" && <Whose page="sessions" all={all} />}
      <Load of={sessions}>
        {(found) => {
          const self = found.some((one) => one.current);
          const others = found.length - (self ? 1 : 0);
          const sorted = [...found].sort((one, other) => Number(other.current) - Number(one.current));
          return (
            <>
              <div class="row">
                {!all && whose === me && (
                  <Button
                    icon="logout"
                    disabled={others === 0}
                    hint={others === 0 ? t.sessions.noOthers : undefined}
                    onClick={() =>
                      end(
                        { others: true },
                        { title: t.sessions.othersSure, text: t.sessions.othersWhat(others) },
                        false,
                      )
                    }
                  >
                    {t.sessions.endOthers}
                  </Button>
                )}
                {!all && whose !== me && may("sessions.end") && (
                  <Button
                    icon="logout"
                    disabled={found.length === 0}
                    onClick={() =>
                      end(
                        { user: whose },
                        { title: t.sessions.allSure(whose), text: t.sessions.allWhat(found.length) },
                        false,
                      )
                    }
                  >
                    {t.sessions.endAllOf(whose)}
                  </Button>
                )}
                {all && may("sessions.end") && (
                  <Button
                    kind="danger"
                    icon="logout"
                    onClick={() =>
                      end({ all: true }, { title: t.sessions.everySure, text: t.sessions.allWhat(found.length) }, self)
                    }
                  >
                    {t.sessions.endEvery}
                  </Button>
                )}
              </div>
              {found.length === 0 && <Empty icon="eye" text={t.sessions.none} />}
              <ul class="people">
                {sorted.map((one) => (
                  <Entry
                    key={one.id}
                    of={one}
                    named={all}
                    end={
                      one.account === me || may("sessions.end")
                        ? () =>
                            end(
                              { id: one.id },
                              { title: t.sessions.endSure(one.device), text: t.sessions.endWhat(one.account) },
                              one.current,
                            )
                        : undefined
                    }
                  />
                ))}
              </ul>
            </>
          );
        }}
      </Load>
    </>
  );
}

function Entry({ of, named, end }: { of: Session; named: boolean; end: (() => Promise<void>) | undefined }) {
  return (
    <li class={of.current ? "card person current" : "card person"}>
      <div class="row tight person-head">
        <div class="row grow">
          <Icon name="eye" />
          <h2 title={of.agent}>{of.device}</h2>
          {of.current && <span class="chip good">{t.sessions.current}</span>}
          {named && <span class="chip plain">{of.account}</span>}
        </div>
        {end && (
          <Button small label={of.current ? t.sessions.logOutOf(of.device) : t.sessions.endOf(of.device)} onClick={end}>
            {of.current ? t.nav.logout : t.sessions.end}
          </Button>
        )}
      </div>
      <dl class="facts person-foot brief">
        <dt>{t.sessions.address}</dt>
        <dd>{of.address}</dd>
        <dt>{t.keys.lastUse}</dt>
        <dd>{of.current ? t.time.now : <Ago at={of.lastUse} />}</dd>
        <dt>{t.sessions.began}</dt>
        <dd>
          <Ago at={of.created} />
        </dd>
        <dt>{t.sessions.expires}</dt>
        <dd>
          <Until at={of.expires} />
        </dd>
      </dl>
    </li>
  );
}
