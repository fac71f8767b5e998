/** Who is told of crashes, how that went, and whether it works. */

import "./people.css";
import { useState } from "preact/hooks";
import { may } from "../../api/account";
import { askJson } from "../../api/request";
import { Button } from "../../parts/button";
import { Icon } from "../../parts/icon";
import { Empty, Load, useLoad } from "../../parts/load";
import { hashOf } from "../../route";
import { t } from "../../strings";

interface Target {
  type: "webhook" | "discord" | "ntfy" | "command";
  on: string[];
  servers: string[] | null;
  sent: number;
  failed: number;
  heldBack: number;
  waiting: number;
  lastError: string | null;
}

interface Tested {
  delivered: boolean;
  status: number | null;
  error: string | null;
}

/** Draw it. */
export default function Notifications() {
  const told = useLoad(
    (signal) => askJson<{ targets: Record<string, Target>; dropped: number }>("notifications", { signal }),
    [],
  );
  return (
    <>
      <div class="title">
        <h1 class="grow">{t.nav.notifications}</h1>
        <Button icon="refresh" onClick={told.reload}>
          {t.notifications.refresh}
        </Button>
      </div>
      <p class="dim lead">
        {t.notifications.about} {may("config.view") && <a href={hashOf(["config"])}>{t.notifications.inConfig}</a>}
      </p>
      <Load of={told}>
        {({ targets, dropped }) => (
          <>
            {dropped > 0 && (
              <div class="notice">
                <Icon name="alert" />
                <span>{t.notifications.dropped(dropped)}</span>
              </div>
            )}
            {Object.keys(targets).length === 0 && <Empty icon="bell" text={t.notifications.none} />}
            <ul class="people">
              {Object.entries(targets).map(([name, target]) => (
                <Entry key={name} name={name} target={target} reload={told.reload} />
              ))}
            </ul>
          </>
        )}
      </Load>
    </>
  );
}

function Entry({ name, target, reload }: { name: string; target: Target; reload: () => Promise<void> }) {
  const [tested, setTested] = useState<Tested>();
  const test = async () => {
    setTested(undefined);
    setTested(await askJson<Tested>(`notifications/${encodeURIComponent(name)}/test`, { method: "POST" }));
    await reload();
  };
  return (
    <li class="card person">
      <div class="row tight person-head">
        <div class="row grow">
          <Icon name="bell" />
          <h2>{name}</h2>
          <span class="chip plain">{t.notifications.types[target.type] ?? target.type}</span>
          {target.lastError !== null && <span class="chip bad">{t.notifications.failing}</span>}
        </div>
        <Button
          small
          icon="bell"
          label={t.notifications.testOf(name)}
          disabled={!may("notifications.test")}
          hint={may("notifications.test") ? undefined : t.notifications.mayNotTest}
          onClick={test}
        >
          {t.notifications.test}
        </Button>
      </div>
      <div role="status">
        {tested && (
          <p class={tested.delivered ? "good tested" : "bad tested"}>
            <Icon name={tested.delivered ? "check" : "alert"} />
            <span>
              {tested.delivered
                ? t.notifications.delivered(tested.status, target.type === "command")
                : t.notifications.notDelivered(tested.error)}
            </span>
          </p>
        )}
      </div>
      <dl class="facts person-foot">
        <dt>{t.notifications.tells}</dt>
        <dd>
          {t.notifications.of(
            target.on.map((one) => t.notifications.kinds[one as "crashed"] ?? one),
            target.servers,
          )}
        </dd>
        <dt>{t.notifications.sent}</dt>
        <dd>{t.notifications.counts(target.sent, target.failed, target.heldBack, target.waiting)}</dd>
        {target.lastError !== null && (
          <>
            <dt>{t.notifications.lastError}</dt>
            <dd class="bad">{target.lastError}</dd>
          </>
        )}
      </dl>
    </li>
  );
}
